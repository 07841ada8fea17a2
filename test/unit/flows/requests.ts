/** Manifests and requests as the tests of the flows use them, and what became of a request. */
import {
  type PeerId,
  peerId,
  projectId,
  requestId,
  type RequestId,
  snapshotId,
  type SnapshotId,
  type VolumeId,
  volumeId,
} from '../../../lib/model/ids.ts'
import type { LedgerContents } from '../../../lib/model/ledger.ts'
import { NO_HINTS } from '../../../lib/model/hints.ts'
import type { Manifest } from '../../../lib/model/manifest.ts'
import type { ClientReply, ClientRequest, Operation } from '../../../lib/model/request.ts'
import type { Volume, VolumeSpec } from '../../../lib/model/volume.ts'
import { homeGroup } from '../../../lib/register/home-group.ts'
import type { Fleet } from './fleet.ts'

export const PROJECT = projectId('p')

/** A founded cluster of these hosts, all of them voters. */
export function manifestOf(names: string): Manifest {
  return {
    cluster: 'c',
    epoch: 1,
    prev: '',
    expect: names.length,
    voting: { epoch: 1, former: null },
    hosts: [...names].map((name) => ({ peer: peerId(name), name, addrs: [], zone: 'z', voter: true, state: 'member' })),
    left: [],
    types: [],
    limits: { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 },
  }
}

/** Who keeps the project's register. */
export function groupOf(manifest: Manifest): readonly PeerId[] {
  return homeGroup(manifest, PROJECT)
}

export const volumeNamed = (n: number): VolumeId => volumeId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
export const snapshotNamed = (n: number): SnapshotId => snapshotId(`11111111-0000-4000-8000-${String(n).padStart(12, '0')}`)
const request = (n: number): RequestId => requestId(String(n).padStart(32, '0'))

export function create(n: number, changes: Partial<VolumeSpec> = {}): Extract<ClientRequest, { kind: 'create' }> {
  const spec: VolumeSpec = {
    id: volumeNamed(n),
    project: PROJECT,
    user: 'u',
    name: `volume ${n}`,
    description: null,
    sizeGiB: 1,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: n,
    ...changes,
  }
  return { kind: 'create', rid: request(n), spec, bodyHash: 'body', sourceAt: null, hints: NO_HINTS }
}

/** `n`: of the request; `volume`: number of the volume. */
export function operate(n: number, volume: number, operation: Operation): Extract<ClientRequest, { kind: 'operate' }> {
  return { kind: 'operate', request: { rid: request(n), project: PROJECT, volume: volumeNamed(volume), operation } }
}

export const remove = (n: number, volume: number): Extract<ClientRequest, { kind: 'operate' }> =>
  operate(n, volume, { kind: 'delete', force: false })

/** Request `n` makes snapshot `n` of this volume. */
export function take(
  n: number,
  volume: number,
  metadata: Readonly<Record<string, string>> = {},
): Extract<ClientRequest, { kind: 'operate' }> {
  const texts = { user: 'u', name: `snapshot ${n}`, description: null, metadata }
  const snapshot = { id: snapshotNamed(n), volume: volumeNamed(volume), project: PROJECT, createdAtMs: n, ...texts }
  return operate(n, volume, { kind: 'snapshot', snapshot, bodyHash: `body ${n}`, force: false })
}

/** A volume on the host of this name, made and folded. Every other host is full for the moment. */
export function createOn(fleet: Fleet, owner: string, n: number, by = owner, changes: Partial<VolumeSpec> = {}): Volume {
  const pools = new Map([...fleet.hosts.values()].map((host) => [host, [...(host.peer?.pools.values() ?? [])]]))
  for (const [host, measured] of pools)
    if (host.id !== owner && host.peer !== null)
      fleet.feed(host, { kind: 'measured', pools: measured.map((pool) => ({ ...pool, totalGiB: 0 })) })
  fleet.pass(1000)
  const answer = fleet.ask(by, create(n, changes))
  fleet.pass(1000)
  for (const [host, measured] of pools) if (host.peer !== null) fleet.feed(host, { kind: 'measured', pools: measured })
  fleet.pass(1000)
  const reply = answer()
  if (reply?.kind !== 'create' || !reply.result.ok) throw new Error(`not made: ${JSON.stringify(reply)}`)
  if (reply.result.value.owner !== owner) throw new Error(`made on ${reply.result.value.owner}`)
  return reply.result.value
}

/** Code of the failure, or `ok`. */
export function outcomeOf(reply: ClientReply | undefined): string {
  if (reply === undefined) return 'no answer'
  return reply.result.ok ? 'ok' : reply.result.failure.code
}

/** What the project's register says, asked through this host. */
export function ledger(fleet: Fleet, by: string): LedgerContents {
  const answer = fleet.ask(by, { kind: 'ledger', project: PROJECT })
  for (let tries = 0; answer() === undefined && tries < 20; tries += 1) fleet.pass(500)
  const reply = answer()
  if (reply?.kind !== 'ledger' || !reply.result.ok) throw new Error(`not read: ${JSON.stringify(reply)}`)
  return reply.result.value
}
