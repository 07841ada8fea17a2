/**
 * What must be so before an agent starts: this Node, its folder, its ports. Each miss names its remedy.
 */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { formatHostPort, type HostPort } from '../../lib/config/address.ts'
import { type Finding, failure, fine } from '../../lib/model/finding.ts'

const NODE_MIN: readonly [number, number] = [20, 20]

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isNewEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  if (isNewEnough) return fine('node', `Node ${version}`)
  return failure(
    'node',
    `Node ${version} is too old: Scoria needs ${NODE_MIN.join('.')} or later`,
    'curl -fsSL https://nodejs.org/dist/v20.20.2/node-v20.20.2-linux-x64.tar.xz | tar -xJ -C /usr/local --strip-components=1',
  )
}

/** Whether the folder is there, is ours to write, and closed to others. */
export async function directoryFinding(directory: string): Promise<Finding> {
  try {
    const { mode } = await stat(directory)
    if ((mode & 0o077) !== 0)
      return failure('directory', `${directory} holds keys and is open to others (mode ${octal(mode)})`, `chmod 700 ${directory}`)
    await access(directory, constants.W_OK | constants.R_OK | constants.X_OK)
    return fine('directory', `${directory} is closed to others (mode ${octal(mode)})`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT')
      return failure(
        'directory',
        `${directory} does not exist`,
        `scoria init --name HOST --dir ${directory}   # or scoria join TOKEN --name HOST --dir ${directory}`,
      )
    return failure(
      'directory',
      `${directory} cannot be written by this user (${code})`,
      `ls -ld ${directory}; findmnt --target ${directory}   # run the agent as its owner, on a file system that is mounted read-write`,
    )
  }
}

const octal = (mode: number): string => `0${(mode & 0o777).toString(8)}`

/** @returns null if nobody listens on the address, else one line that names it and the flag or key that moves it */
export async function checkPortFree(address: HostPort, remedy: string): Promise<string | null> {
  const trouble = await listenTrouble(address)
  return trouble === null ? null : `${trouble}: ${remedy}`
}

/** @returns null if this process could listen there, else why not */
export async function listenTrouble(address: HostPort): Promise<string | null> {
  return await new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => {
      const code = 'code' in error ? error.code : null
      const fact = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be listened on (${error.message})`
      resolve(`${formatHostPort(address)} ${fact}`)
    })
    probe.listen({ host: address.host, port: address.port, exclusive: true }, () => probe.close(() => resolve(null)))
  })
}
