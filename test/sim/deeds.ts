/** A host's tools as they are when nothing goes wrong: calls become changes of its volumes and exports. */
import type { BackendCall, BackendOutcome, MeasuredPool, TargetCall, TargetOutcome } from '../../lib/flows/step.ts'
import { poolName } from '../../lib/model/ids.ts'
import { type FakeExports, volumeBehindExport } from './fakes/exports.ts'
import type { FakeVolumes } from './fakes/volumes.ts'
import type { SimOptions } from './options.ts'

export interface Deeds {
  backend(call: BackendCall): BackendOutcome
  target(call: TargetCall): TargetOutcome
  /** What a tool leaves behind that dies in the middle of it. */
  backendHalf(call: BackendCall): void
  targetHalf(call: TargetCall): void
}

export function createDeeds(volumes: FakeVolumes, exports: FakeExports): Deeds {
  return {
    backend: (call) => onVolumes(volumes, call),
    target: (call) => onExports(exports, call, volumes),
    // Growing, reverting, removing, renaming and giving a copy its name are one step: done or not.
    backendHalf: (call) => (call.kind === 'create' ? volumes.createHalf(call.volume, call.tags) : undefined),
    targetHalf: (call) => (call.kind === 'fence' ? exports.fenceHalf(call.iqn) : exports.exposeHalf(call.iqn)),
  }
}

/** What a thick pool reports of itself. */
export function measurePool(
  host: string,
  { poolGiB, onlineExtend }: Pick<SimOptions, 'poolGiB' | 'onlineExtend'>,
  volumes: FakeVolumes,
): MeasuredPool {
  // What others have of it cannot be given out.
  const totalGiB = Math.floor(poolGiB - volumes.existingGiB())
  return {
    name: poolName(host, 'fake', 'p'),
    pool: 'p',
    state: 'up',
    totalGiB,
    capabilities: {
      volume_backend_name: 'fake',
      storage_protocol: 'iSCSI',
      total_capacity_gb: totalGiB,
      free_capacity_gb: poolGiB - volumes.usedGiB(),
      reserved_percentage: 0,
      max_over_subscription_ratio: '1.0',
      thick_provisioning_support: true,
      thin_provisioning_support: false,
      online_extend_support: onlineExtend,
    },
  }
}

function onVolumes(volumes: FakeVolumes, call: BackendCall): BackendOutcome {
  switch (call.kind) {
    case 'create':
      return volumes.create(call.volume, call.tags)
    case 'copy':
      return volumes.copy(call.volume, call.source, call.tags)
    case 'extend':
      return volumes.extend(call.volume)
    case 'revert':
      return volumes.revert(call.volume, call.snapshot, call.rid)
    case 'retag':
      return volumes.retag(call.volume, call.project)
    case 'remove':
      return volumes.remove(call.volume)
    case 'adopt':
      return volumes.adopt(call.volume, call.name, call.tags)
    case 'release':
      return volumes.release(call.volume)
    case 'inspect':
      return volumes.inspect(call.volume)
    case 'quarantine':
      return volumes.quarantine(call.volume)
    case 'create-snapshot':
      return volumes.createSnapshot(call.snapshot, call.tags)
    case 'remove-snapshot':
      return volumes.removeSnapshot(call.snapshot)
    case 'adopt-snapshot':
      return volumes.adoptSnapshot(call.snapshot, call.name, call.tags)
    case 'release-snapshot':
      return volumes.releaseSnapshot(call.snapshot)
    case 'inspect-snapshot':
      return volumes.inspectSnapshot(call.snapshot)
    case 'quarantine-snapshot':
      return volumes.quarantineSnapshot(call.snapshot)
  }
}

function onExports(exports: FakeExports, call: TargetCall, volumes: FakeVolumes): TargetOutcome {
  if (call.kind === 'fence') return exports.fence(call.iqn)
  const { iqn, initiator, username, password, readOnly } = call
  return exports.expose({ iqn, initiator, username, password, readOnly }, volumes.sizeOf(volumeBehindExport(iqn)))
}
