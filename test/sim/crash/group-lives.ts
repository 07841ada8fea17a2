/** Lives of groups: filled and emptied, snapped, copied, and deleted with all that is in them. */
import { type GroupSource, type Holds, memberSnapshotId, memberVolumeId } from '../../../lib/model/group.ts'
import { type GroupId, groupSnapshotId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { Operation } from '../../../lib/model/request.ts'
import type { Volume, VolumeSpec } from '../../../lib/model/volume.ts'
import { FOUNDING_TYPES } from '../founding.ts'
import { createGroupOf } from '../groupers.ts'
import { bodyHashOf, type CreateRequest, createOf, ridOf } from '../requests.ts'
import { PROJECT, shown, shownAs } from '../scenario.ts'
import type { Simulation } from '../simulation.ts'
import { insist, type Life, operation } from './life.ts'

const ROOMY = 100
const [TYPE] = FOUNDING_TYPES
const EMPTY: Holds = {
  groupType: '00000000-0000-4000-8000-000000000099',
  volumeTypes: [TYPE?.id ?? ''],
  source: null,
  members: [],
}
const GROUP = volumeId('88888888-0000-4000-8000-000000000001')
const COPY = volumeId('88888888-0000-4000-8000-000000000002')
const SNAPSHOT = groupSnapshotId('99999999-0000-4000-8000-000000000001')
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((n) => volumeId(`55555555-0000-4000-8000-00000000000${n}`))

export const GROUP_LIVES: readonly Life[] = [
  {
    name: 'a group, filled, changed and deleted with its volumes',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const [first, second] = [idOf(FIRST), idOf(SECOND)]
      return () => {
        insist(simulation, groupOf(simulation, GROUP, EMPTY, null))
        const group = shown(simulation, GROUP, 'b')
        if (group === null) return
        insist(simulation, volumeIn(simulation, first, group, GROUP))
        insist(simulation, volumeIn(simulation, second, group, null))
        simulation.pass(500)
        insist(simulation, operation(GROUP, 'change', { kind: 'change-group', name: 'n', add: [second], remove: [first] }))
        insist(simulation, operation(first, 'alone', { kind: 'delete', force: false }))
        insist(simulation, operation(GROUP, 'too early', { kind: 'delete', force: false }))
        insist(simulation, operation(GROUP, 'delete', { kind: 'delete', force: false, cascade: true }))
      }
    },
  },
  {
    name: 'a group snapshot, taken and deleted',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      filled(simulation)
      return () => {
        insist(simulation, operation(GROUP, 'snap', snapOf(simulation)))
        simulation.pass(500)
        insist(simulation, operation(GROUP, 'held', { kind: 'delete', force: false, cascade: true }))
        insist(simulation, operation(GROUP, 'unsnap', { kind: 'delete-group-snapshot', groupSnapshot: SNAPSHOT }))
      }
    },
  },
  {
    name: 'a group that begins as a copy of a group snapshot, which is deleted meanwhile',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const group = filled(simulation)
      insist(simulation, operation(GROUP, 'snap', snapOf(simulation)))
      simulation.pass(1500)
      const source: GroupSource = { kind: 'group-snapshot', groupSnapshot: SNAPSHOT, group: GROUP }
      const members = [idOf(FIRST), idOf(SECOND)].map((volume) => {
        const of = { kind: 'snapshot', snapshot: memberSnapshotId(SNAPSHOT, volume), volume } as const
        return { id: memberVolumeId(COPY, volume), sizeGiB: 2, source: of, ...TYPED, multiattach: false }
      })
      return () => {
        insist(simulation, groupOf(simulation, COPY, { ...EMPTY, source, members }, group))
        insist(simulation, operation(GROUP, 'unsnap', { kind: 'delete-group-snapshot', groupSnapshot: SNAPSHOT }))
        simulation.pass(500)
        insist(simulation, operation(COPY, 'delete', { kind: 'delete', force: false, cascade: true }))
      }
    },
  },
  {
    name: 'a group that is deleted while somebody makes a volume in it',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const group = filled(simulation)
      return () => {
        simulation.clients.ask(volumeIn(simulation, idOf(THIRD), group, GROUP), 0, simulation.node('c'))
        insist(simulation, operation(GROUP, 'delete', { kind: 'delete', force: false, cascade: true }))
      }
    },
  },
]

const TYPED = { type: TYPE?.name ?? null, typeId: TYPE?.id ?? null }

function idOf(id: VolumeId | undefined): VolumeId {
  if (id === undefined) throw new Error('three are named')
  return id
}

/** A group with two volumes in it. */
function filled(simulation: Simulation): Volume {
  insist(simulation, groupOf(simulation, GROUP, EMPTY, null))
  const group = shownAs(simulation, GROUP, 'b', 'available')
  for (const id of [FIRST, SECOND]) {
    insist(simulation, volumeIn(simulation, idOf(id), group, GROUP))
    shownAs(simulation, idOf(id), 'b', 'available')
  }
  simulation.pass(1500)
  return group
}

function groupOf({ history, world }: Simulation, id: GroupId, holds: Holds, at: Volume | null): CreateRequest {
  const place = at === null || at.owner === null || at.pool === null ? null : { owner: at.owner, pool: at.pool }
  const spec: VolumeSpec = { ...PLAIN, id, name: null, sizeGiB: 0, type: null, typeId: null, holds, createdAtMs: world.nowMs }
  return createGroupOf(history.openGroup(spec, ridOf(PROJECT, `group ${id}`), place))
}

/** On the group's pool, in the group or not. */
function volumeIn({ history, world }: Simulation, id: VolumeId, { owner, pool }: Volume, group: GroupId | null): CreateRequest {
  const spec: VolumeSpec = {
    ...PLAIN,
    id,
    name: null,
    sizeGiB: 2,
    ...TYPED,
    ...(group === null ? {} : { group }),
    createdAtMs: world.nowMs,
  }
  const place = owner === null || pool === null ? null : { owner, pool }
  return createOf(history.open(spec, ridOf(PROJECT, `volume ${id}`), bodyHashOf(spec), true, place))
}

const PLAIN = { project: PROJECT, user: 'u', description: null, zone: null, metadata: {}, multiattach: false, source: null } as const

function snapOf({ world }: Simulation): Operation {
  const groupSnapshot = { id: SNAPSHOT, name: 'before', description: null, user: 'u', createdAtMs: world.nowMs }
  return { kind: 'group-snapshot', groupSnapshot, bodyHash: 's' }
}
