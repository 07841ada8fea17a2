/** From what an agent's folder is like to what is wrong with it: the disk, the room, the keys, the journal. Pure. */
import { type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'

const MIB = 1024 ** 2
/** Each create waits for some ten of these. A disk of its own for the state takes one to five. */
const FSYNC_MS_MAX = 20
const KEY_MODES = 0o077

export interface StateFacts {
  readonly directory: string
  readonly fileSystem: string
  readonly freeBytes: number
  /** The agent takes no new volume. */
  readonly isShort: boolean
  readonly fsync:
    | { readonly kind: 'measured'; readonly p50Ms: number; readonly maxMs: number }
    | { readonly kind: 'failed'; readonly code: string }
}

export function judgeState({ directory, fileSystem, freeBytes, isShort, fsync }: StateFacts): readonly Finding[] {
  const room = `${Math.floor(freeBytes / MIB)} MiB free where ${directory} lies`
  return [
    diskFinding(directory, fileSystem),
    isShort
      ? failure(
          'state-room',
          `${room}: with less than 1 GiB or 5 % the agent takes no new volume`,
          `df -h ${directory}   # make room there`,
        )
      : fine('state-room', room),
    fsyncFinding(directory, fsync),
  ]
}

function diskFinding(directory: string, fileSystem: string): Finding {
  const look = `findmnt --target ${directory}   # mount a disk there`
  if (fileSystem === 'tmpfs' || fileSystem === 'ramfs')
    return failure('state-disk', `${directory} is in memory (${fileSystem}): keys and journal would be gone after a boot`, look)
  if (fileSystem === 'overlay')
    return warning('state-disk', `${directory} is in the layer of a container: keys and journal go with it`, look)
  if (/^(nfs|cifs|smb|fuse|9p)/.test(fileSystem))
    return warning(
      'state-disk',
      `${directory} is on ${fileSystem}: the journal wants a disk of this host, which keeps what fsync returned`,
      look,
    )
  return fine('state-disk', `${directory} is on ${fileSystem === '' ? 'a file system that cannot be told' : fileSystem}`)
}

function fsyncFinding(directory: string, fsync: StateFacts['fsync']): Finding {
  if (fsync.kind === 'failed')
    return failure(
      'fsync',
      `nothing can be written and synced in ${directory} (${fsync.code})`,
      `touch ${directory}/probe && sync ${directory}/probe; rm ${directory}/probe`,
    )
  const text = `fsync in ${directory}: half of them under ${ms(fsync.p50Ms)} ms, the slowest ${ms(fsync.maxMs)} ms`
  return fsync.p50Ms > FSYNC_MS_MAX
    ? warning(
        'fsync',
        `${text}; above ${FSYNC_MS_MAX} ms every request waits noticeably`,
        `findmnt --target ${directory}   # take a faster disk, or one that others use less`,
      )
    : fine('fsync', text)
}

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0)

export interface KeyFacts {
  readonly file: string
  /** Null: it is not there. */
  readonly mode: number | null
  readonly uid: number
}

/** @param directoryUid who owns the folder that they lie in */
export function judgeKeys(keys: readonly KeyFacts[], directoryUid: number): readonly Finding[] {
  const there = keys.filter(({ mode }) => mode !== null)
  const open = there.filter(({ mode }) => ((mode ?? 0) & KEY_MODES) !== 0).map(({ file }) => file)
  const foreign = there.filter(({ uid }) => uid !== directoryUid).map(({ file }) => file)
  const findings: Finding[] = []
  if (open.length > 0)
    findings.push(
      failure(
        'keys',
        `${open.join(' and ')} ${open.length === 1 ? 'is a key' : 'are keys'} that others may read`,
        `chmod 600 ${open.join(' ')}   # if somebody may have read it, join anew`,
      ),
    )
  if (foreign.length > 0)
    findings.push(
      failure(
        'keys',
        `${foreign.join(' and ')} ${foreign.length === 1 ? 'belongs' : 'belong'} to another user than the folder`,
        `chown ${directoryUid} ${foreign.join(' ')}`,
      ),
    )
  return findings.length > 0 || there.length === 0 ? findings : [fine('keys', `${there.length} keys, for their owner alone`)]
}

export interface JournalFacts {
  readonly directory: string
  readonly isThere: boolean
  /** The host never ran, so that it has no journal rightly. */
  readonly isNew: boolean
  /** Journals that did not pass their check. */
  readonly setAside: readonly string[]
}

export function judgeJournal({ directory, isThere, isNew, setAside }: JournalFacts): Finding {
  if (setAside.length > 0)
    return warning(
      'journal',
      `${setAside.join(' and ')} did not pass the check at a start and ${setAside.length === 1 ? 'was' : 'were'} set aside`,
      `smartctl -a /dev/DISK; dmesg | tail   # find out what became of the disk; then rm -r ${setAside.join(' ')}`,
    )
  if (isThere) return fine('journal', `${directory}/journal is there`)
  if (isNew) return fine('journal', 'the agent has not run yet: it makes its journal at its first start')
  return warning(
    'journal',
    `${directory}/journal is gone: at its start the agent takes its records back from the other hosts`,
    'scoria host list --endpoint http://127.0.0.1:8776   # on another host: are all others up? Then start the agent',
  )
}
