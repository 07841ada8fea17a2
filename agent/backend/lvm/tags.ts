/**
 * The truth about a volume in the tags of its LV: what it is, whose it is, and what is half done with it.
 *
 * LVM sets tags in the same commit that makes the LV, so that an LV without ours is somebody else's and is never touched. LVM
 * allows few characters in a tag and 1024 of them, hence the encoding and the numbered parts of a project's name.
 */
import {
  parseUuid,
  projectId,
  requestId,
  type RequestId,
  type SnapshotId,
  snapshotId,
  type VolumeId,
  volumeId,
} from '../../../lib/model/ids.ts'
import type { VolumeTags } from '../../../lib/ports/backend.ts'

/**
 * What was begun. `making`: its extents may still hold what was there before; nobody was told of it. `copying`: the same, and
 * a part of it is a copy of somebody's data. `clearing`: it is being removed, for good. `growing`: extents that are cleared for
 * a volume that is about to have them, under a name of their own; nobody has written to them. `reverting`: what takes the
 * bytes of one of its volume's snapshots over, or has them under a name of its own.
 */
export type LvState = 'ready' | Unready
export type Unready = (typeof UNREADY)[number]

export interface LvIdentity {
  readonly volume: VolumeId
  /** Null for the volume itself. */
  readonly snapshot: SnapshotId | null
  /** Null: there are none, or they cannot be read. */
  readonly tags: VolumeTags | null
  readonly state: LvState
  /** Of a volume that was reverted, or is being: by which request last. */
  readonly revert: RequestId | null
  /** Of one that takes the bytes of a snapshot over in its place: of which. */
  readonly from: SnapshotId | null
}

const PREFIX = 'scoria.'
const COPY_OF = `${PREFIX}copy-of=`
const PART_CHARS = 900
const UNREADY = ['making', 'copying', 'clearing', 'growing', 'reverting'] as const
const REQUEST_ID = /^[0-9a-f]{32,64}$/

export function identityTags(volume: VolumeId, snapshot: SnapshotId | null): readonly string[] {
  return [`${PREFIX}volume=${volume}`, ...(snapshot === null ? [] : [`${PREFIX}snapshot=${snapshot}`])]
}

export function ownerTags({ project, rid }: VolumeTags): readonly string[] {
  const text = encode(project)
  const parts: string[] = []
  for (let at = 0; at < text.length; at += PART_CHARS) parts.push(`${PREFIX}project.${parts.length}=${text.slice(at, at + PART_CHARS)}`)
  return [...parts, `${PREFIX}request=${rid}`]
}

/** By which request the volume was reverted. */
export function revertTag(rid: RequestId): string {
  return `${PREFIX}revert=${rid}`
}

export function fromTag(snapshot: SnapshotId): string {
  return `${PREFIX}from=${snapshot}`
}

/** Those of an LV's tags that say by what it was, or is, reverted. */
export function revertTagsIn(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => tag.startsWith(`${PREFIX}revert=`) || tag.startsWith(`${PREFIX}from=`))
}

/** The one tag of a state; `ready` has none. */
export function stateTag(state: Unready): string {
  return `${PREFIX}state=${state}`
}

/** Of which volume an LV is a snapshot: stays with one that was given back, where LVM itself does not know it. */
export function copyOfTag(volume: VolumeId): string {
  return `${COPY_OF}${volume}`
}

/** What that tag says; null if there is none. */
export function copyOfIn(tags: readonly string[]): VolumeId | null {
  const id = ownId(tags.find((tag) => tag.startsWith(COPY_OF))?.slice(COPY_OF.length) ?? '')
  return id === null ? null : volumeId(id)
}

/** Those of an LV's tags that are ours, of whatever kind. */
export function ownTagsIn(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => tag.startsWith(PREFIX))
}

/** Those of them that make it a part of a volume, or say what was begun with it. */
export function marksIn(tags: readonly string[]): readonly string[] {
  return ownTagsIn(tags).filter((tag) => !tag.startsWith(COPY_OF))
}

/** Those of an LV's tags that say whose it is. */
export function ownerTagsIn(tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => tag.startsWith(`${PREFIX}project.`) || tag.startsWith(`${PREFIX}request=`))
}

/** What the tags say; null if they are not ours, or of a kind that this version does not know. */
export function identityOf(tags: readonly string[]): LvIdentity | null {
  const values = new Map(
    tags
      .filter((tag) => tag.startsWith(PREFIX))
      .map((tag) => [tag.slice(PREFIX.length, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)] as const),
  )
  const volume = ownId(values.get('volume') ?? '')
  const named = values.get('snapshot')
  const snapshot = named === undefined ? null : ownId(named)
  const state = stateOf(values.get('state'))
  if (volume === null || state === null || (named !== undefined && snapshot === null)) return null
  const [revert, from] = [values.get('revert') ?? '', ownId(values.get('from') ?? '')]
  return {
    volume: volumeId(volume),
    snapshot: snapshot === null ? null : snapshotId(snapshot),
    tags: ownerOf(values),
    state,
    revert: REQUEST_ID.test(revert) ? requestId(revert) : null,
    from: from === null ? null : snapshotId(from),
  }
}

function ownerOf(values: ReadonlyMap<string, string>): VolumeTags | null {
  let encoded = ''
  for (let n = 0; values.has(`project.${n}`); n += 1) encoded += values.get(`project.${n}`) ?? ''
  const project = decode(encoded)
  const rid = values.get('request') ?? ''
  return project === null || project === '' || !REQUEST_ID.test(rid) ? null : { project: projectId(project), rid: requestId(rid) }
}

function stateOf(text: string | undefined): LvState | null {
  return text === undefined ? 'ready' : (UNREADY.find((state) => state === text) ?? null)
}

/** An id as we write it, and not otherwise. */
function ownId(text: string): string | null {
  const id = parseUuid(text)
  return id === text ? id : null
}

/** Letters, digits, dot and dash as they are, every other byte as `=hh`. */
function encode(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => (/[A-Za-z0-9.-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `=${byte.toString(16).padStart(2, '0')}`))
    .join('')
}

function decode(text: string): string | null {
  if (!/^(?:[A-Za-z0-9.-]|=[0-9a-f]{2})*$/.test(text)) return null
  const bytes = (text.match(/=..|./g) ?? []).map((one) => (one.length === 1 ? one.charCodeAt(0) : Number.parseInt(one.slice(1), 16)))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
