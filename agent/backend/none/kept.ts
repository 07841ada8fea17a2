/**
 * What a `none` backend was asked to make, in one file: the memory that takes the place of a disk in a drill.
 *
 * Written as a whole and put in place by a rename, in the same breath as the change: a process that is killed leaves the
 * state before or after. Nothing is synced, as nothing but a power cut would need it.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseUuid, projectId, requestId, type SnapshotId, snapshotId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { Existing, Former, Origin } from '../../../lib/model/existing.ts'
import type { FoundSnapshot, FoundVolume, VolumeTags } from '../../../lib/ports/backend.ts'

export interface Kept {
  /** Processes that have opened this file, this one too. */
  readonly life: number
  readonly volumes: Map<VolumeId, FoundVolume>
  readonly snapshots: Map<SnapshotId, FoundSnapshot>
  readonly existing: Map<string, Existing>
}

/** One more life. @throws if the file is there and is none of ours */
export function openKept(file: string): Kept {
  const before = readKept(file)
  const kept = { ...before, life: before.life + 1 }
  keep(file, kept)
  return kept
}

/** What is kept there; empty if there is no file yet. @throws if it is none of ours */
export function readKept(file: string): Kept {
  const text = textOf(file)
  return text === null ? { life: 0, volumes: new Map(), snapshots: new Map(), existing: new Map() } : parseKept(file, text)
}

/** @throws if it cannot be written; then nothing has changed */
export function keep(file: string, { life, volumes, snapshots, existing }: Kept): void {
  const draft = `${file}.draft`
  const kept = { life, volumes: [...volumes.values()], snapshots: [...snapshots.values()], existing: [...existing.values()] }
  writeFileSync(draft, JSON.stringify(kept), { mode: 0o600 })
  renameSync(draft, file)
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function parseKept(file: string, text: string): Kept {
  try {
    const { life, volumes, snapshots, existing } = JSON.parse(text) as Record<keyof Kept, unknown>
    if (typeof life !== 'number' || !Array.isArray(volumes) || !Array.isArray(snapshots) || !Array.isArray(existing))
      throw new Error('keys are missing')
    return {
      life,
      volumes: new Map(volumes.map(parseVolume).map((volume) => [volume.id, volume])),
      snapshots: new Map(snapshots.map(parseSnapshot).map((snapshot) => [snapshot.id, snapshot])),
      existing: new Map(existing.map(parseExisting).map((one) => [one.name, one])),
    }
  } catch (error) {
    throw new Error(`${file} is no memory of a drill: name another in backends[].drill.file`, { cause: error })
  }
}

function parseVolume(value: unknown): FoundVolume {
  const { id, pool, sizeBytes, tags } = value as Record<keyof FoundVolume, unknown>
  if (typeof pool !== 'string' || typeof sizeBytes !== 'number') throw new Error('a volume has a pool and a size')
  return { id: parseId(id), pool, sizeBytes, tags: parseTags(tags) }
}

function parseSnapshot(value: unknown): FoundSnapshot {
  const { volume } = value as Record<keyof FoundSnapshot, unknown>
  const { id, ...facts } = parseVolume(value)
  return { ...facts, id: snapshotId(id), volume: parseId(volume) }
}

function parseExisting(value: unknown): Existing {
  const { name, sizeBytes, former, origin } = value as Record<keyof Existing, unknown>
  if (typeof name !== 'string' || typeof sizeBytes !== 'number') throw new Error('what lies there has a name and a size')
  const plain = { name, sizeBytes, hindrance: null, sinceMs: null }
  return { ...plain, former: former === null ? null : parseFormer(former), origin: origin === null ? null : parseOrigin(origin) }
}

function parseOrigin(value: unknown): Origin {
  const { name, volume } = value as Record<keyof Origin, unknown>
  if (typeof name !== 'string') throw new Error('what something is a snapshot of has a name')
  return { name, volume: volume === null ? null : parseId(volume) }
}

function parseFormer(value: unknown): Former {
  const { volume, snapshot, project, rid } = value as Record<keyof Former, unknown>
  const tags = project === null && rid === null ? null : parseTags({ project, rid })
  const owner = { project: tags?.project ?? null, rid: tags?.rid ?? null }
  return { volume: parseId(volume), snapshot: snapshot === null ? null : snapshotId(parseId(snapshot)), ...owner }
}

function parseTags(value: unknown): VolumeTags | null {
  if (value === null) return null
  const { project, rid } = value as Record<keyof VolumeTags, unknown>
  if (typeof project !== 'string' || typeof rid !== 'string') throw new Error('tags name a project and a request')
  return { project: projectId(project), rid: requestId(rid) }
}

function parseId(value: unknown): VolumeId {
  const id = typeof value === 'string' ? parseUuid(value) : null
  if (id === null) throw new Error('a volume is named by its id')
  return volumeId(id)
}
