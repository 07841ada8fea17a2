/**
 * Ports that nobody listens on, below those that the kernel hands out to outgoing connections.
 *
 * An agent that is down must find its port again: from the kernel's own range any connection might take it meanwhile,
 * even one that tries to reach that very agent.
 */
import { createServer } from 'node:net'

const LOWEST = 10_000
const HIGHEST = 30_000

export async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST)); found.length < count; port += 1) {
    if (port >= HIGHEST) port = LOWEST
    if (await isFree(port)) found.push(port)
  }
  return found
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
