/**
 * What must be so before volumes are kept in a folder: a start demands `lookAtFolder`, and the judgements say besides
 * what will go wrong later. Nothing is changed by looking.
 */
import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { type Finding, failure, fine, firstFailure, warning } from '../../../lib/model/finding.ts'
import { codeOf } from './trouble.ts'

const GIB = 1024 ** 3
const QUARANTINE = /^quarantine-/

/** @returns null if the folder will do */
export async function checkFileBackend(directory: string): Promise<string | null> {
  return firstFailure([await lookAtFolder(directory)])
}

export async function lookAtFolder(directory: string): Promise<Finding> {
  if (directory.includes(','))
    return failure(
      'file-folder',
      `${directory} cannot hold volumes: tgtd takes no comma in a path`,
      'mkdir -p /srv/scoria && chmod 700 /srv/scoria   # and name it in backends[].path',
    )
  try {
    if (!(await stat(directory)).isDirectory())
      return failure(
        'file-folder',
        `${directory} is not a folder`,
        'mkdir -p /srv/scoria && chmod 700 /srv/scoria   # and name it in backends[].path',
      )
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    await statfs(directory)
    return fine('file-folder', `${directory} can be written`)
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      return failure('file-folder', `${directory} does not exist`, `mkdir -p ${directory} && chmod 700 ${directory}`)
    return failure(
      'file-folder',
      `${directory} cannot be written (${codeOf(error) ?? String(error)})`,
      `chown "$(id -u)" ${directory} && chmod 700 ${directory}   # or mount it read-write`,
    )
  }
}

export interface FolderFacts {
  readonly directory: string
  /** Of its file system, as the kernel calls it: `ext4`, `tmpfs`. */
  readonly fileSystem: string
  readonly freeBytes: number
  readonly totalBytes: number
  /** What was set aside, because nobody knew whose it is. */
  readonly quarantined: readonly string[]
}

/** @throws if the folder cannot be read */
export async function readFolder(directory: string, fileSystem: string): Promise<FolderFacts> {
  const { bavail, blocks, bsize } = await statfs(directory)
  const quarantined = (await readdir(directory)).filter((name) => QUARANTINE.test(name)).sort()
  return { directory, fileSystem, freeBytes: bavail * bsize, totalBytes: blocks * bsize, quarantined }
}

/** Pure. */
export function judgeSetAside({ directory, quarantined }: FolderFacts): Finding {
  const [first] = quarantined
  if (first === undefined) return fine('quarantine', `nothing was set aside in ${directory}`)
  return warning(
    'quarantine',
    `${quarantined.length} ${quarantined.length === 1 ? 'file was' : 'files were'} set aside, because nobody knows whose: ${first}${quarantined.length > 1 ? ' …' : ''}`,
    `ls -l ${directory}/quarantine-*   # look at them, and remove them once you know whose they were`,
  )
}

/** @param capacityGiB what the backend may give out; null: what the file system holds. Pure. */
export function judgeVolumesDisk({ directory, fileSystem, freeBytes, totalBytes }: FolderFacts, capacityGiB: number | null): Finding {
  if (fileSystem === 'tmpfs' || fileSystem === 'ramfs')
    return failure(
      'file-disk',
      `${directory} is in memory (${fileSystem}): volumes would be gone after a boot`,
      `findmnt --target ${directory}   # take a folder on a disk`,
    )
  const copies = fileSystem === 'xfs' || fileSystem === 'btrfs' ? 'snapshots are made at once' : 'a snapshot takes as long as copying'
  const text = `${directory} is on ${fileSystem}, ${gib(freeBytes)} of ${gib(totalBytes)} GiB free; ${copies}`
  if (capacityGiB !== null && capacityGiB * GIB > totalBytes)
    return warning(
      'file-disk',
      `${text}; the backend promises ${capacityGiB} GiB`,
      `df -h ${directory}   # lower backends[].capacityGiB, or give it a larger disk`,
    )
  if (freeBytes < GIB)
    return warning('file-disk', `${text}: no volume can be filled any more`, `df -h ${directory}   # make room, or give it a larger disk`)
  return fine('file-disk', text)
}

const gib = (bytes: number): number => Math.floor(bytes / GIB)
