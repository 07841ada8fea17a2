/**
 * What a cluster looks like that has been at work for long: each host's journal, bytes and exports, and the replica that all
 * of them share.
 *
 * Made without running the rules, because ten thousand creates on a hundred hosts take minutes; but by the same hashes and
 * shapes, so that whatever does not fit is refused by the rules themselves: digests, chains and signatures are checked.
 */
import { KEYS, cellKey, registerKey, volumeKey } from '../../lib/flows/keys.ts'
import type { StoredReplica } from '../../lib/flows/restore.ts'
import type { Owned } from '../../lib/flows/owner/owned.ts'
import { type Attachment, exportIqn } from '../../lib/model/attachment.ts'
import { put } from '../../lib/model/cell.ts'
import { hashHex } from '../../lib/model/hash.ts'
import {
  attachmentId,
  compareText,
  type PeerId,
  peerId,
  poolName,
  projectId,
  requestId,
  reservationId,
  volumeId,
} from '../../lib/model/ids.ts'
import type { Json } from '../../lib/model/json.ts'
import type { LedgerEntry } from '../../lib/model/ledger.ts'
import { appended, headText, type LogHead, type LogState, NEW_LOG, type PublishedRecord, recordHash } from '../../lib/model/log.ts'
import type { Manifest, ManifestHost } from '../../lib/model/manifest.ts'
import type { Ballot } from '../../lib/model/ballot.ts'
import { addUsage, NO_USAGE, type Usage } from '../../lib/model/quota.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { FoundVolume } from '../../lib/ports/backend.ts'
import type { Signer } from '../../lib/ports/signer.ts'
import { homeGroup } from '../../lib/register/home-group.ts'
import { copyJson } from '../sim/copy-json.ts'
import { Random } from '../sim/random.ts'

export interface ClusterSize {
  readonly seed: string
  readonly peers: number
  readonly volumesPerPeer: number
  readonly projects: number
}

export interface HostState {
  readonly host: ManifestHost
  readonly journal: Map<string, Json>
  readonly volumes: Map<string, FoundVolume>
  readonly exports: Set<string>
}

export interface ClusterState {
  readonly manifest: Manifest
  readonly hosts: readonly HostState[]
  readonly replica: StoredReplica
}

/** When the world begins, for display. */
export const WALL_MS = Date.UTC(2026, 0, 1)
const GIB = 1024 ** 3
const CREATED_WITHIN_MS = 80_000_000
/** Of the volumes. */
const ATTACHED = 0.5

/** As long as a real id, so that bytes count; base58 knows no zero. */
export function hostAt(at: number): ManifestHost {
  const number = String(at).padStart(4, '0')
  return {
    peer: peerId(`12D3KooW${number.replaceAll('0', 'x').repeat(11)}`),
    name: `host-${number}`,
    addrs: [`/ip4/10.0.${at >> 8}.${at & 255}/tcp/4001`],
    zone: `zone-${at % 3}`,
    voter: true,
    state: 'member',
  }
}

/** As long as an Ed25519 signature in base64. */
export function signerOf(self: PeerId): Signer {
  const signed = (peer: PeerId, text: string): string => `${hashHex('signature', peer, text)}${'A'.repeat(22)}==`
  return { sign: (text) => signed(self, text), verify: (peer, text, signature) => signature === signed(peer, text) }
}

export function populate(size: ClusterSize): ClusterState {
  const random = new Random(`state/${size.seed}`)
  const manifest: Manifest = {
    cluster: random.uuid(),
    epoch: 1,
    prev: '',
    expect: size.peers,
    voting: { epoch: 1, former: null },
    hosts: Array.from({ length: size.peers }, (_, at) => hostAt(at)).sort((a, b) => compareText(a.peer, b.peer)),
    left: [],
    types: [],
    limits: { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 },
  }
  const registers = new Map<string, LedgerEntry[]>()
  const heads: LogHead[] = []
  const records: { owner: PeerId; record: PublishedRecord }[] = []
  const hosts = manifest.hosts.map((host): HostState => {
    const made = hostState(size, host, random.split(host.name), registers)
    heads.push({ ...made.log, owner: host.peer, signature: signerOf(host.peer).sign(headText(manifest.cluster, host.peer, made.log)) })
    for (const record of made.records) records.push({ owner: host.peer, record })
    return made.state
  })
  for (const [project, entries] of registers) storeRegister(manifest, hosts, project, entries)
  return { manifest, hosts, replica: { heads, records } }
}

function hostState(
  size: ClusterSize,
  host: ManifestHost,
  random: Random,
  registers: Map<string, LedgerEntry[]>,
): { readonly state: HostState; readonly log: LogState; readonly records: readonly PublishedRecord[] } {
  const state: HostState = { host, journal: new Map(), volumes: new Map(), exports: new Set() }
  const records: PublishedRecord[] = []
  const usages = new Map<string, Usage>()
  let log: LogState = appended({ ...NEW_LOG, epoch: 1 }, null, null)
  for (let n = 0; n < size.volumesPerPeer; n += 1) {
    const volume = volumeOf(host, `project-${random.below(size.projects)}`, random)
    const record: PublishedRecord = { seq: log.seq + 1, id: volume.id, volume }
    const hash = recordHash(record)
    log = appended(log, hash, null)
    records.push(record)
    const reservation = reservationId(`1.${n + 1}`)
    const owned: Owned = { volume, step: 'built', reservation, seq: record.seq, hash, pending: null, working: null }
    keep(state.journal, volumeKey(volume.id), owned)
    const { id, project, rid, sizeGiB, createdAtMs } = volume
    state.volumes.set(id, { id, pool: 'p', sizeBytes: sizeGiB * GIB, tags: { project, rid } })
    for (const { generation } of volume.attachments) state.exports.add(exportIqn(id, generation))
    usages.set(project, addUsage(usages.get(project) ?? NO_USAGE, { volumes: 1, snapshots: 0, gigabytes: sizeGiB, groups: 0 }))
    const bodyHash = hashHex('body', id)
    const entries = entriesOf(registers, project)
    entries.push({
      kind: 'recent',
      order: entries.length,
      rid,
      volume: id,
      snapshot: null,
      transfer: null,
      bodyHash,
      host: host.peer,
      reservation,
      atMs: createdAtMs,
    })
  }
  for (const [project, usage] of usages)
    entriesOf(registers, project).push({ kind: 'host', host: host.peer, epoch: 1, seq: log.seq, usage, isFinal: false })
  keep(state.journal, KEYS.host, { epoch: 1, reservations: size.volumesPerPeer, log, isLost: false })
  return { state, log, records }
}

function volumeOf(host: ManifestHost, project: string, random: Random): Volume {
  const id = volumeId(random.uuid())
  const attachments = random.chance(ATTACHED) ? [attachmentOf(id, random)] : []
  const createdAtMs = WALL_MS - random.below(CREATED_WITHIN_MS)
  return {
    id,
    project: projectId(project),
    user: random.hex(16),
    name: `pvc-${random.uuid()}`,
    description: 'Created by the CSI driver',
    sizeGiB: random.between(1, 100),
    zone: null,
    type: null,
    typeId: null,
    metadata: { 'csi.storage.k8s.io/pvc/name': `data-${random.hex(4)}`, 'csi.storage.k8s.io/pvc/namespace': 'default' },
    multiattach: false,
    source: null,
    createdAtMs,
    status: attachments.length > 0 ? 'in-use' : 'available',
    rid: requestId(random.hex(16)),
    owner: host.peer,
    pool: poolName(host.name, 'none', 'p'),
    availabilityZone: host.zone,
    updatedAtMs: createdAtMs + 1000,
    attachments,
    snapshots: [],
    detached: [],
    transfer: null,
    failure: null,
  }
}

function attachmentOf(volume: Volume['id'], random: Random): Attachment {
  const host = `worker-${random.below(200)}`
  return {
    id: attachmentId(random.uuid()),
    volume,
    status: 'attached',
    export: 'exported',
    generation: 1 + random.below(2 ** 40),
    instance: random.uuid(),
    mode: 'rw',
    connector: {
      initiator: `iqn.1994-05.com.redhat:${random.hex(6)}`,
      host,
      ip: `10.1.0.${random.below(256)}`,
      multipath: false,
      mountpoint: null,
    },
    mountpoint: '/dev/vdb',
    attachedAtMs: WALL_MS - random.below(CREATED_WITHIN_MS),
  }
}

/** Accepted by all members of the home group. */
function storeRegister(manifest: Manifest, hosts: readonly HostState[], name: string, entries: readonly LedgerEntry[]): void {
  const project = projectId(name)
  const members = homeGroup(manifest, project)
  const [proposer] = members
  if (proposer === undefined) return
  const accepted: Ballot = { group: 1, counter: entries.length, peer: proposer, epoch: 1 }
  const promised: Ballot = { ...accepted, counter: accepted.counter + 1 }
  for (const { host, journal } of hosts) {
    if (!members.includes(host.peer)) continue
    keep(journal, registerKey(project), { promised, accepted, group: 1 })
    for (const entry of entries) keep(journal, cellKey(project, put(entry).key), entry)
  }
}

function entriesOf(registers: Map<string, LedgerEntry[]>, project: string): LedgerEntry[] {
  const known = registers.get(project)
  if (known !== undefined) return known
  const entries: LedgerEntry[] = []
  registers.set(project, entries)
  return entries
}

/** A copy: what is stored is no part of anybody's tables. */
function keep(journal: Map<string, Json>, key: string, value: unknown): void {
  journal.set(key, copyJson(value) as Json)
}
