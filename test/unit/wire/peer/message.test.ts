import t from 'tap'
import type { Beat } from '../../../../lib/model/host.ts'
import {
  attachmentId,
  type PeerId,
  peerId,
  poolName,
  projectId,
  requestId,
  reservationId,
  snapshotId,
  transferId,
  volumeId,
} from '../../../../lib/model/ids.ts'
import type { LedgerEntry } from '../../../../lib/model/ledger.ts'
import type { LogHead } from '../../../../lib/model/log.ts'
import type { Manifest } from '../../../../lib/model/manifest.ts'
import type { Ballot } from '../../../../lib/model/ballot.ts'
import type { KnownHead, PeerMessage } from '../../../../lib/model/message.ts'
import type { Rumor } from '../../../../lib/model/probe.ts'
import { DEFAULT_LIMITS } from '../../../../lib/model/quota.ts'
import { NO_VALUE } from '../../../../lib/model/request.ts'
import type { Volume, VolumeSpec } from '../../../../lib/model/volume.ts'
import { parseSignedManifest } from '../../../../lib/wire/manifest.ts'
import { formatEnvelope, parseEnvelope } from '../../../../lib/wire/peer/envelope.ts'
import { parseBeat, parsePeerMessage } from '../../../../lib/wire/peer/message.ts'

const host: PeerId = peerId('12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust')
const rid = requestId('0123456789abcdef0123456789abcdef')
const project = projectId('p1')
const volume = volumeId('6f1c2c52-93a4-4a53-8a6e-0f6f4d1c7b11')
const attachment = attachmentId('7f1c2c52-93a4-4a53-8a6e-0f6f4d1c7b12')
const pool = poolName('h1', 'lvm', 'vg0')
const reservation = reservationId('3.17')
const ballot: Ballot = { group: 1, counter: 4, peer: host, epoch: 2 }
const proof = { ballot, grants: ['0'.repeat(32)], votes: [{ peer: host, signature: 'c2ln' }] }
const rejection = { pool, filter: 'CapacityFilter', reported: '1', needed: '2' }

const spec: VolumeSpec = {
  id: volume,
  project,
  user: 'u',
  name: null,
  description: 'ü',
  sizeGiB: 1,
  zone: null,
  type: null,
  typeId: null,
  metadata: { a: 'b' },
  multiattach: false,
  source: null,
  createdAtMs: 1,
}
const full: Volume = {
  ...spec,
  status: 'error',
  rid,
  owner: host,
  pool,
  availabilityZone: 'nova',
  updatedAtMs: null,
  detached: [],
  transfer: {
    id: transferId('6d6b4c1a-5a1e-4f7e-8f0e-6f7f2f3a1c66'),
    name: null,
    noSnapshots: false,
    createdAtMs: 1,
    source: project,
    state: 'accepted',
    destination: project,
    acceptedBy: rid,
  },
  attachments: [
    {
      id: attachment,
      volume,
      status: 'attached',
      export: 'exported',
      generation: 1,
      instance: null,
      mode: 'rw',
      connector: { initiator: 'iqn.x:y', host: null, ip: null, multipath: false, mountpoint: null },
      mountpoint: '/dev/vdb',
      attachedAtMs: 5,
    },
  ],
  snapshots: [
    {
      id: snapshotId('0d6b4c1a-5a1e-4f7e-8f0e-6f7f2f3a1c11'),
      volume,
      project,
      user: 'u',
      name: null,
      description: 'before the upgrade',
      metadata: { a: 'b' },
      createdAtMs: 1,
      status: 'error',
      sizeGiB: 1,
      rid,
      bodyHash: 'h',
      updatedAtMs: 2,
      revert: rid,
      failure: { step: 'create', tool: 'cp', detail: 'no space' },
    },
  ],
  failure: { kind: 'no-room', rejected: [rejection] },
}
const binding: Extract<LedgerEntry, { kind: 'bound' }> = {
  kind: 'bound',
  rid,
  volume,
  host,
  pool,
  reservation,
  bodyHash: 'h',
  delta: { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 },
  sizeGiB: 1,
  spec,
  snapshot: null,
  transfer: null,
  atMs: 1,
}
const head: LogHead = {
  owner: host,
  epoch: 1,
  since: 0,
  seq: 2,
  floor: 0,
  chain: '0'.repeat(64),
  digest: 'f'.repeat(64),
  signature: `${'A'.repeat(86)}==`,
}
const known: KnownHead = { owner: host, epoch: 1, seq: 2, chain: '0123456789abcdef', whole: false, staged: { epoch: 1, from: 0, upTo: 1 } }
const rumors: readonly Rumor[] = [
  { state: 'alive', peer: host, incarnation: 3 },
  { state: 'suspect', peer: host, incarnation: 3, by: [host], ageMs: 40 },
]
const beat: Beat = {
  peer: host,
  epoch: 1,
  n: 2,
  state: 'ready',
  version: '1.0.0',
  pools: [{ name: pool, state: 'up', capabilities: { free_capacity_gb: 10, total_capacity_gb: 'unknown' }, queue: 0 }],
  head: 7,
  held: 3,
  voting: 1,
  pending: 0,
  types: 3,
  api: '127.0.0.1:8776',
}

const finds = {
  things: [
    { pool, name: 'disk.img', sizeBytes: 1, hindrance: 'size', former: null, origin: null, sinceMs: null },
    {
      pool,
      name: 'quarantine-x',
      sizeBytes: 1,
      hindrance: null,
      former: { volume, snapshot: null, project, rid },
      origin: { name: 'volume-x', volume },
      sinceMs: 5,
    },
  ],
  exports: ['iqn.x:y'],
  isCut: false,
} as const

const samples: { readonly [Kind in PeerMessage['kind']]: Extract<PeerMessage, { readonly kind: Kind }> } = {
  probe: { kind: 'probe', seq: 1, incarnation: 2, rumors },
  'probe-relay': { kind: 'probe-relay', seq: 1, target: host, incarnation: 2, rumors: [] },
  'probe-ack': { kind: 'probe-ack', seq: 1, peer: host, incarnation: 2, rumors },
  'probe-nack': { kind: 'probe-nack', seq: 1, incarnation: 2, rumors: [] },
  reserve: { kind: 'reserve', rid, pool, spec, typeVersion: 2 },
  'reserve-room': { kind: 'reserve-room', rid, volume, project, operation: { kind: 'extend', sizeGiB: 3, online: true } },
  reserved: { kind: 'reserved', rid, pool, reservation, delta: binding.delta, sizeGiB: 1, source: project, body: 'b' },
  refused: { kind: 'refused', rid, refusal: { kind: 'no-room', rejection } },
  abandon: { kind: 'abandon', rid, project, reservation },
  commit: { kind: 'commit', certificate: { project, rid, volume, host, reservation, proof } },
  committed: { kind: 'committed', rid },
  operate: { kind: 'operate', request: { rid, project: null, volume, operation: { kind: 'update', name: 'n' } } },
  operated: { kind: 'operated', rid, reply: { ok: true, value: { ...NO_VALUE, volume: full, authKey: 'k' } } },
  change: { kind: 'change', ref: 'r', project, change: { kind: 'bind', binding } },
  changed: { kind: 'changed', ref: 'r', project, outcome: { kind: 'decided', answer: { kind: 'bound', binding }, proof } },
  prepare: { kind: 'prepare', project, ballot, known: null, lives: [1, 1, 2] },
  promised: { kind: 'promised', project, ballot, life: 2, accepted: ballot, value: [['bound/x', binding]] },
  accept: {
    kind: 'accept',
    project,
    ballot,
    next: ballot,
    lives: [1, 1, 2],
    change: { kind: 'difference', base: ballot, puts: [{ key: 'k', entry: null }] },
    attest: [rid],
  },
  accepted: { kind: 'accepted', project, ballot, life: 2, signature: 'c2ln' },
  behind: { kind: 'behind', project, ballot },
  rejected: { kind: 'rejected', project, ballot, promised: ballot },
  outlived: { kind: 'outlived', project, ballot, lives: [1, 2] },
  confirm: { kind: 'confirm', project, ballot, accepted: ballot, round: 1, attest: [] },
  confirmed: { kind: 'confirmed', project, ballot, round: 1, current: true, signature: null },
  beat: { kind: 'beat', beat },
  tally: { kind: 'tally', hash: '0123' },
  heads: { kind: 'heads', heads: [known, { ...known, staged: null }], only: null, ref: null, about: null },
  delta: { kind: 'delta', head, from: 0, after: 0, upTo: 2, more: false, records: [{ seq: 2, id: volume, volume: full }] },
  seen: { kind: 'seen', heads: [], kept: { epoch: 1, seq: 2 }, ref: 'r', projects: [project] },
  recall: { kind: 'recall', ref: 'r' },
  recalled: {
    kind: 'recalled',
    ref: 'r',
    head,
    votes: [{ project, promised: ballot, accepted: null }],
    projects: [project],
    totals: [],
    isLost: false,
    life: 2,
  },
  fetch: { kind: 'fetch', project, group: 2, seal: true, life: 1 },
  fetched: {
    kind: 'fetched',
    project,
    group: 2,
    seal: true,
    life: 1,
    promised: ballot,
    accepted: null,
    value: [['bound/x', binding]],
    lives: [[ballot.peer, 2]],
  },
  install: { kind: 'install', project, group: 2 },
  installed: { kind: 'installed', project, group: 2 },
  intent: { kind: 'intent', project, volume },
  look: { kind: 'look', ref: 'r' },
  looked: { kind: 'looked', ref: 'r', look: { ok: true, finds } },
}

const travelled = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

t.test('every kind of message survives the journey', (t) => {
  for (const [kind, message] of Object.entries(samples)) t.same(parsePeerMessage(travelled(message)), message, kind)
  t.end()
})

t.test('a message that lacks a field, or has another thing in its place, is none', (t) => {
  for (const [kind, message] of Object.entries(samples)) {
    for (const field of Object.keys(message)) {
      t.equal(parsePeerMessage({ ...message, [field]: undefined }), null, `${kind} without ${field}`)
      t.equal(parsePeerMessage({ ...message, [field]: { toString: 1 } }), null, `${kind} with an object as ${field}`)
    }
  }
  t.end()
})

t.test('unknown fields are ignored, unknown kinds and other values are no messages', (t) => {
  t.ok(parsePeerMessage({ ...samples.committed, later: 1 }))
  for (const strange of [null, 1, 'x', [], {}, { kind: 'toString', rid }, { kind: '__proto__', rid }])
    t.equal(parsePeerMessage(strange), null)
  t.end()
})

t.test('what names and commands are made of has its form all the way down', (t) => {
  const bad: Record<string, unknown> = {
    'a path as a volume id': { ...samples.reserve, spec: { ...spec, id: '../../etc/passwd' } },
    'an upper-case volume id': { ...samples.reserve, spec: { ...spec, id: volume.toUpperCase() } },
    'a size of zero': { ...samples.reserve, spec: { ...spec, sizeGiB: 0 } },
    'a size that is no whole number': { ...samples.reserve, spec: { ...spec, sizeGiB: 1.5 } },
    'a size beyond exact numbers': { ...samples.reserve, spec: { ...spec, sizeGiB: 2 ** 60 } },
    'a name without end': { ...samples.reserve, spec: { ...spec, name: 'x'.repeat(256) } },
    'a pool with a slash': { ...samples.reserve, pool: 'h1@lvm#../vg' },
    'a reservation of words': { ...samples.abandon, reservation: 'one.two' },
    'a head that nobody signed': { ...samples.delta, head: { ...head, signature: '' } },
    'a head whose digest is no hash': { ...samples.delta, head: { ...head, digest: 'f'.repeat(63) } },
    'metadata that is no text': { ...samples.reserve, spec: { ...spec, metadata: { a: 1 } } },
    'an entry of another kind where a binding belongs': {
      ...samples.change,
      change: { kind: 'bind', binding: { ...binding, kind: 'recent' } },
    },
    'a negative sequence number': { ...samples.seen, heads: [{ ...known, seq: -1 }] },
  }
  for (const [title, message] of Object.entries(bad)) t.equal(parsePeerMessage(message), null, title)
  t.end()
})

t.test('a beat survives the journey, and not without its parts', (t) => {
  t.same(parseBeat(travelled(beat)), beat)
  for (const field of Object.keys(beat)) t.equal(parseBeat({ ...beat, [field]: undefined }), null, field)
  t.end()
})

t.test('an envelope carries a message with its cluster and epoch; another version is refused by name', (t) => {
  const json: unknown = JSON.parse(formatEnvelope('c1', 7, { m: samples.committed }))
  t.same(parseEnvelope(json), { kind: 'message', cluster: 'c1', epoch: 7, message: samples.committed })
  t.same(parseEnvelope({ v: 2, cluster: 'c1', c: 7, m: {} }), { kind: 'refused', reason: 'version', version: 2 })
  for (const strange of [null, [], { v: 1 }, { v: 1, cluster: 'c1', c: -1, m: {} }, { v: 1, cluster: 'c1', c: 1, f: { kind: 'hello' } }]) {
    t.equal(parseEnvelope(strange).kind, 'refused', JSON.stringify(strange))
  }
  t.same(parseEnvelope({ v: 1, cluster: 'c1', c: 1, f: { kind: 'new' } }), { kind: 'unknown-control', word: 'new' })
  t.end()
})

t.test('a manifest names each peer and each host once', (t) => {
  const entry = { peer: host, name: 'h1', addrs: ['/ip4/10.0.0.1/tcp/7001'], zone: 'a', voter: true, state: 'member' as const }
  const manifest: Manifest = {
    cluster: volume,
    epoch: 1,
    prev: '',
    expect: 1,
    voting: { epoch: 1, former: null },
    hosts: [entry],
    left: [],
    types: [],
    limits: DEFAULT_LIMITS,
  }
  const signature = 'AAAA'
  const parsed = (hosts: readonly unknown[]): unknown => parseSignedManifest({ manifest: { ...manifest, hosts }, signature })
  t.ok(parsed([entry]))
  t.ok(parsed([entry, { ...entry, peer: 'other', name: 'h2' }]))
  t.equal(parsed([entry, { ...entry, name: 'h2' }]), null)
  t.equal(parsed([entry, { ...entry, peer: 'other' }]), null)
  t.ok(
    parsed([
      { ...entry, state: 'lost' },
      { ...entry, peer: 'other' },
    ]),
    'the name of a lost host',
  )
  t.equal(
    parsed([
      { ...entry, state: 'draining' },
      { ...entry, peer: 'other' },
    ]),
    null,
  )
  t.equal(parsed([{ ...entry, name: 'h1@lvm' }]), null)
  t.equal(parsed([{ ...entry, addrs: ['10.0.0.1:7001'] }]), null)
  t.equal(parsed([{ ...entry, state: 'gone' }]), null)
  t.equal(parseSignedManifest({ manifest, signature: 7 }), null)
  const left = { peer: 'other', name: 'h1', zone: 'a' }
  t.ok(parseSignedManifest({ manifest: { ...manifest, left: [left] }, signature }), 'the name of a host that left')
  t.equal(parseSignedManifest({ manifest: { ...manifest, left: [{ ...left, peer: host }] }, signature }), null, 'here and gone')
  t.equal(parseSignedManifest({ manifest: { ...manifest, left: ['other'] }, signature }), null)
  t.ok(parseSignedManifest({ manifest: { ...manifest, voting: { epoch: 2, former: [host] } }, signature }))
  t.equal(parseSignedManifest({ manifest: { ...manifest, voting: { epoch: 2, former: [7] } }, signature }), null)
  t.equal(parseSignedManifest({ manifest: { ...manifest, voting: null }, signature }), null)
  t.end()
})
