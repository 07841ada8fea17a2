/** One host of a fleet: what outlives its process, and the process. */
import type { BackendCall, BackendOutcome } from '../../../lib/flows/step.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import type { PeerId, SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type { Json } from '../../../lib/model/json.ts'
import type { Manifest } from '../../../lib/model/manifest.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import type { FoundSnapshot, FoundVolume } from '../../../lib/ports/backend.ts'
import { done } from '../../../lib/ports/outcome.ts'

export class Host {
  readonly id: PeerId
  /** What outlives the process. */
  journal = new Map<string, Json>()
  readonly volumes = new Map<VolumeId, FoundVolume>()
  readonly snapshots = new Map<SnapshotId, FoundSnapshot>()
  readonly exports = new Set<string>()
  manifest: Manifest
  hasRun = false
  /** The process. */
  peer: Peer | null = null
  readonly timers = new Map<string, number>()
  readonly replies = new Map<string, ClientReply>()
  readonly notes: string[] = []

  constructor(id: PeerId, manifest: Manifest) {
    this.id = id
    this.manifest = manifest
  }

  /** The tables of the process that runs. */
  get tables(): Peer {
    if (this.peer === null) throw new Error(`${this.id} is down`)
    return this.peer
  }

  get isReady(): boolean {
    return this.peer?.state === 'ready'
  }
}

/** Volumes that take no time and never fail. */
export function onVolumes({ volumes, snapshots }: Host, call: BackendCall): BackendOutcome {
  switch (call.kind) {
    case 'create':
    case 'copy':
      volumes.set(call.volume.id, { ...call.volume, tags: call.tags })
      return done(null)
    case 'extend':
      volumes.set(call.volume.id, { ...call.volume, tags: volumes.get(call.volume.id)?.tags ?? null })
      return done(null)
    case 'revert':
      return done(null)
    case 'inspect':
      return done(volumes.get(call.volume) ?? null)
    case 'retag': {
      const known = volumes.get(call.volume)
      if (known !== undefined && known.tags !== null) volumes.set(call.volume, { ...known, tags: { ...known.tags, project: call.project } })
      return done(null)
    }
    case 'remove':
    case 'quarantine':
      volumes.delete(call.volume)
      return done(null)
    case 'adopt':
      volumes.set(call.volume.id, { ...call.volume, tags: call.tags })
      return done(null)
    case 'release':
      volumes.delete(call.volume)
      return done(null)
    case 'create-snapshot':
    case 'adopt-snapshot':
      snapshots.set(call.snapshot.id, { ...call.snapshot, tags: call.tags })
      return done(null)
    case 'inspect-snapshot':
      return done(snapshots.get(call.snapshot.id) ?? null)
    case 'remove-snapshot':
    case 'release-snapshot':
    case 'quarantine-snapshot':
      snapshots.delete(call.snapshot.id)
      return done(null)
  }
}

/** As over the wire or through a journal: nothing is shared. */
export function copy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value))
}
