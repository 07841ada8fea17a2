/** What must be so before an agent starts; each miss is one line that names the remedy. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { formatHostPort, type HostPort } from '../../lib/config/address.ts'

const NODE_MIN: readonly [number, number] = [20, 20]

/** @returns null if this Node will do */
export function checkNode(version: string): string | null {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isNewEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  return isNewEnough ? null : `Node ${version} is too old: install Node ${NODE_MIN.join('.')} or later`
}

/** @returns null if the folder is there, is ours to write, and closed to others */
export async function checkDirectory(directory: string): Promise<string | null> {
  try {
    const { mode } = await stat(directory)
    if ((mode & 0o077) !== 0) return `${directory} holds keys and is open to others: chmod 700 ${directory}`
    await access(directory, constants.W_OK | constants.R_OK | constants.X_OK)
    return null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT') return `${directory} does not exist: run \`scoria init\` or \`scoria join\` first`
    return `${directory} cannot be written by this user (${code})`
  }
}

/** @returns null if nobody listens on the address, else one line that names it and the flag or key that moves it */
export async function checkPortFree(address: HostPort, remedy: string): Promise<string | null> {
  return await new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => {
      const code = 'code' in error ? error.code : null
      const fact = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be listened on (${error.message})`
      resolve(`${formatHostPort(address)} ${fact}: ${remedy}`)
    })
    probe.listen({ host: address.host, port: address.port, exclusive: true }, () => probe.close(() => resolve(null)))
  })
}
