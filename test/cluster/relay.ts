/**
 * Leads from a port of this machine's own network to the API of a host that lives in another.
 *
 * The listening socket is made here and handed to a process that lives there: a socket belongs to the network that it was
 * made in, whoever accepts on it. A cut between hosts does not cut it: who asks stands beside the host that is asked.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface Relay {
  readonly endpoint: string
  stop(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('./relay-process.js', import.meta.url))

/**
 * @param enter command that goes before one that is to run there
 * @param api where the API listens, as seen from there
 */
export async function startRelay(enter: readonly string[], api: { readonly host: string; readonly port: number }): Promise<Relay> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port')
  const [execPath = process.execPath, ...before] = [...enter, process.execPath]
  const child = fork(PROGRAM, [], { execPath, execArgv: before, detached: true })
  const ended = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.send(api, server, (error) => (error === null ? resolve() : reject(error)))
  })
  // Ours too would accept otherwise.
  server.close()
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    async stop() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
