/**
 * What a `none` backend was asked to make, in one file: the memory that takes the place of a disk in a drill.
 *
 * Written as a whole and put in place by a rename, in the same breath as the change: a process that is killed leaves the
 * state before or after. Nothing is synced, as nothing but a power cut would need it.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseUuid, projectId, requestId, type SnapshotId, snapshotId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { FoundSnapshot, FoundVolume, VolumeTags } from '../../../lib/ports/backend.ts'

export interface Kept {
  /** Processes that have opened this file, this one too. */
  readonly life: number
  readonly volumes: Map<VolumeId, FoundVolume>
  readonly snapshots: Map<SnapshotId, FoundSnapshot>
  readonly quarantined: Set<VolumeId | SnapshotId>
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
  return text === null ? { life: 0, volumes: new Map(), snapshots: new Map(), quarantined: new Set() } : parseKept(file, text)
}

/** @throws if it cannot be written; then nothing has changed */
export function keep(file: string, { life, volumes, snapshots, quarantined }: Kept): void {
  const draft = `${file}.draft`
  const kept = { life, volumes: [...volumes.values()], snapshots: [...snapshots.values()], quarantined: [...quarantined] }
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
    const { life, volumes, snapshots, quarantined } = JSON.parse(text) as Record<keyof Kept, unknown>
    if (typeof life !== 'number' || !Array.isArray(volumes) || !Array.isArray(snapshots) || !Array.isArray(quarantined))
      throw new Error('keys are missing')
    return {
      life,
      volumes: new Map(volumes.map(parseVolume).map((volume) => [volume.id, volume])),
      snapshots: new Map(snapshots.map(parseSnapshot).map((snapshot) => [snapshot.id, snapshot])),
      quarantined: new Set(quarantined.map(parseId)),
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
