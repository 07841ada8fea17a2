/** What must be so before volumes are kept in a folder; a miss is one line that names the remedy. */
import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { codeOf } from './trouble.ts'

/** @returns null if the folder will do */
export async function checkFileBackend(directory: string): Promise<string | null> {
  if (directory.includes(',')) return `${directory} cannot hold volumes: tgtd takes no comma in a path`
  try {
    if (!(await stat(directory)).isDirectory()) return `${directory} is not a folder: name one in backends[].path`
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    await statfs(directory)
    return null
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return `${directory} does not exist: mkdir -p ${directory} && chmod 700 ${directory}`
    return `${directory} cannot be written (${codeOf(error) ?? String(error)}): give it to the user that runs the agent, or mount it read-write`
  }
}
