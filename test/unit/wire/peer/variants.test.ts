/** What messages carry: every kind of change, answer, entry and news, whole and with something wrong in it. */
import t, { type Test } from 'tap'
import {
  attachmentId,
  groupSnapshotId,
  peerId,
  poolName,
  projectId,
  requestId,
  reservationId,
  snapshotId,
  transferId,
  volumeId,
} from '../../../../lib/model/ids.ts'
import type { Binding, LedgerAnswer, LedgerChange, LedgerEntry, Recent, Unplaced } from '../../../../lib/model/ledger.ts'
import type { Ballot } from '../../../../lib/model/ballot.ts'
import type { ChangeOutcome, PeerMessage } from '../../../../lib/model/message.ts'
import { type Rumor, RUMORS_MAX, SUSPECTERS_MAX } from '../../../../lib/model/probe.ts'
import type { Operation } from '../../../../lib/model/request.ts'
import type { SnapshotSpec } from '../../../../lib/model/snapshot.ts'
import type { VolumeSpec } from '../../../../lib/model/volume.ts'
import { parsePeerMessage } from '../../../../lib/wire/peer/message.ts'

type ByKind<Union extends { readonly kind: string }> = { readonly [Kind in Union['kind']]: Extract<Union, { readonly kind: Kind }> }

const host = peerId('12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust')
const rid = requestId('0123456789abcdef0123456789abcdef')
const project = projectId('p1')
const volume = volumeId('6f1c2c52-93a4-4a53-8a6e-0f6f4d1c7b11')
const attachment = attachmentId('7f1c2c52-93a4-4a53-8a6e-0f6f4d1c7b12')
const pool = poolName('h1', 'lvm', 'vg0')
const reservation = reservationId('3.17')
const ballot: Ballot = { group: 1, counter: 4, peer: host, epoch: 2 }
const limits = { volumes: 1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: 0, groups: 10 }
const delta = { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }
const spec: VolumeSpec = {
  id: volume,
  project,
  user: 'u',
  name: null,
  description: null,
  sizeGiB: 1,
  zone: null,
  type: null,
  typeId: null,
  metadata: {},
  multiattach: false,
  source: null,
  createdAtMs: 1,
}
const snapshotSpec: SnapshotSpec = {
  id: snapshotId('0d6b4c1a-5a1e-4f7e-8f0e-6f7f2f3a1c11'),
  volume,
  project,
  user: 'u',
  name: null,
  description: null,
  metadata: {},
  createdAtMs: 1,
}
const groupSnapshot = {
  id: groupSnapshotId('5d6b4c1a-5a1e-4f7e-8f0e-6f7f2f3a1c55'),
  name: null,
  description: null,
  user: 'u',
  createdAtMs: 1,
}
const TRANSFER = transferId('6d6b4c1a-5a1e-4f7e-8f0e-6f7f2f3a1c66')
const bound: Binding = {
  kind: 'bound',
  rid,
  volume,
  host,
  pool,
  reservation,
  bodyHash: 'h',
  delta,
  sizeGiB: 1,
  spec,
  snapshot: snapshotSpec,
  transfer: { id: TRANSFER, source: project, user: 'u' },
  atMs: 1,
}
const unplaced: Unplaced = { kind: 'unplaced', rid, spec, bodyHash: 'h', delta, rejected: [], atMs: 1, updatedAtMs: null }
const recent: Recent = {
  kind: 'recent',
  order: 3,
  rid,
  volume,
  snapshot: snapshotSpec.id,
  transfer: TRANSFER,
  bodyHash: 'h',
  host: null,
  reservation: null,
  atMs: 1,
}
const qosClaim = { id: volume, name: 'slow', consumer: 'both', specs: { total_iops_sec: '100' }, bodyHash: 'h' } as const
const groupTypeClaim = {
  id: volume,
  name: 'consistent',
  description: null,
  isPublic: false,
  groupSpecs: { consistent_group_snapshot_enabled: '<is> True' },
  bodyHash: 'h',
}
const encryption = {
  id: volume,
  provider: 'luks',
  controlLocation: 'front-end',
  cipher: null,
  keySize: 256,
  createdAtMs: 1,
  updatedAtMs: null,
} as const
const identity = '0123456789abcdef0123456789abcdef'
const userClaim = {
  id: identity,
  name: 'ada',
  description: null,
  isEnabled: true,
  passwordHash: 'scrypt$15$8$3$c2FsdA$a2V5',
  defaultProject: project,
  createdAtMs: 1,
  bodyHash: 'h',
}
const projectClaim = { id: projectId(identity), name: 'demo', description: 'd', isEnabled: true, createdAtMs: 1, bodyHash: 'h' }
const credential = {
  id: identity,
  name: 'ci',
  description: null,
  secretHash: 's',
  project,
  roles: ['member', 'reader'],
  expiresAtMs: null,
  createdAtMs: 1,
} as const
const token = {
  kind: 'token',
  hash: 'A'.repeat(43),
  generation: 1,
  project: null,
  credential: null,
  methods: ['password'],
  auditId: 'a',
  issuedAtMs: 1,
  expiresAtMs: 2,
} as const
const user = {
  ...userClaim,
  kind: 'user',
  grants: [{ project, roles: ['admin'] }],
  credentials: [credential],
  generation: 1,
  version: 1,
  isGone: false,
  done: [rid],
} as const
const claim = { id: volume, name: 'fast', description: null, isPublic: true, extraSpecs: { a: 'b' }, bodyHash: 'h' }
const entries: ByKind<LedgerEntry> = {
  bound,
  unplaced,
  recent,
  closed: { kind: 'closed', order: 4, rid, host, reservation, atMs: 1 },
  host: { kind: 'host', host, epoch: 1, seq: 2, usage: { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }, isFinal: false },
  limits: { kind: 'limits', limits: { volumes: 5, types: { [volume]: { gigabytes: 5 }, gone: {} } } },
  defaults: { kind: 'defaults', version: 3, limits: { gigabytes: -1 } },
  intent: { kind: 'intent', volume, rid, host, atMs: 1 },
  gone: { kind: 'gone', volume, host, atMs: 1 },
  left: { kind: 'left', order: 1, volume, rid, atMs: 1 },
  type: { ...claim, kind: 'type', access: [project], encryption, qosId: volume, version: 4, isGone: false, done: [rid] },
  'group-type': { ...groupTypeClaim, kind: 'group-type', version: 8, isGone: false, done: [rid] },
  qos: { ...qosClaim, kind: 'qos', version: 5, isGone: true, done: [] },
  'default-type': { kind: 'default-type', project, typeId: volume, version: 6, isGone: false, done: [rid] },
  service: {
    kind: 'service',
    host: 'h1@lvm',
    isDisabled: true,
    reason: 'a new disk',
    isFrozen: false,
    changedAtMs: 1,
    version: 7,
    isGone: false,
    done: [rid],
  },
  'quota-class': { kind: 'quota-class', name: 'default', limits, version: 8, isGone: false, done: [rid] },
  user,
  project: { ...projectClaim, kind: 'project', version: 2, isGone: true, done: [] },
  token,
}
const changes: ByKind<LedgerChange> = {
  bind: { kind: 'bind', binding: { ...bound, typeId: volume }, defaults: { version: 3, limits } },
  unplace: { kind: 'unplace', unplaced },
  resolve: { kind: 'resolve', rid, host, reservation, atMs: 1 },
  fold: { kind: 'fold', totals: entries.host, settled: [rid], atMs: 1 },
  'edit-unplaced': { kind: 'edit-unplaced', volume, edit: { kind: 'delete' }, atMs: 1 },
  intend: { kind: 'intend', intent: entries.intent },
  withdraw: { kind: 'withdraw', volume, rid },
  leave: { kind: 'leave', volume, rid, atMs: 1 },
  forget: {
    kind: 'forget',
    host,
    epoch: 1,
    seq: 2,
    records: [
      { volume, usage: null },
      {
        volume,
        usage: { volumes: 1, snapshots: 2, gigabytes: 3, groups: 0, types: { [volume]: { volumes: 1, snapshots: 2, gigabytes: 3 } } },
      },
    ],
    volume,
    hasLeft: true,
    atMs: 1,
  },
  'set-limits': { kind: 'set-limits', limits: { gigabytes: 5 } },
  'clear-limits': { kind: 'clear-limits' },
  'set-quota-class': { kind: 'set-quota-class', name: 'default', rid, limits: { volumes: 20 } },
  read: { kind: 'read', about: null },
  'claim-type': { kind: 'claim-type', claim },
  'revise-type': { kind: 'revise-type', id: volume, rid, edit: { name: 'slow', extraSpecs: { a: null } } },
  'release-type': { kind: 'release-type', id: volume, rid },
  'claim-group-type': { kind: 'claim-group-type', claim: groupTypeClaim },
  'revise-group-type': { kind: 'revise-group-type', id: volume, rid, edit: { isPublic: true, groupSpecs: { a: null } } },
  'release-group-type': { kind: 'release-group-type', id: volume, rid },
  'claim-qos': { kind: 'claim-qos', claim: qosClaim },
  'revise-qos': { kind: 'revise-qos', id: volume, rid, edit: { consumer: 'front-end', specs: { a: null } } },
  'release-qos': { kind: 'release-qos', id: volume, rid, force: true },
  'free-qos': { kind: 'free-qos', id: volume, rid },
  'set-default-type': { kind: 'set-default-type', project, rid, typeId: null },
  'set-service': { kind: 'set-service', host: 'h1', rid, edit: { isDisabled: true, reason: null }, atMs: 1 },
  'read-types': { kind: 'read-types' },
  'claim-user': { kind: 'claim-user', claim: userClaim },
  'revise-user': { kind: 'revise-user', id: identity, rid, edit: { name: 'bea', credential: { kind: 'remove', id: identity } } },
  'release-user': { kind: 'release-user', id: identity, rid },
  'claim-project': { kind: 'claim-project', claim: projectClaim },
  'revise-project': { kind: 'revise-project', id: projectId(identity), rid, edit: { isEnabled: false } },
  'release-project': { kind: 'release-project', id: projectId(identity), rid },
  'read-identity': { kind: 'read-identity', query: { kind: 'login', user: { name: 'ada' }, credential: null, project: { id: 'p' } } },
  'issue-token': { kind: 'issue-token', token, atMs: 1 },
  'revoke-token': { kind: 'revoke-token', hash: token.hash },
  'read-token': { kind: 'read-token', hash: token.hash },
}
const contents = {
  bound: [bound],
  unplaced: [unplaced],
  intents: [entries.intent],
  gone: [volume],
  limits,
  used: delta,
  project,
  ended: recent,
  accepted: [{ volume, host: recent.host }],
}
const answers: ByKind<LedgerAnswer> = {
  bound: { kind: 'bound', binding: recent },
  closed: { kind: 'closed' },
  'over-quota': { kind: 'over-quota', resource: 'gigabytes', typeId: volume, limit: 1, used: 0, requested: 2 },
  unplaced: { kind: 'unplaced', unplaced },
  ended: { kind: 'ended', recent },
  mismatch: { kind: 'mismatch', volume },
  folded: { kind: 'folded', seq: 1 },
  edited: { kind: 'edited', unplaced },
  absent: { kind: 'absent' },
  intended: { kind: 'intended', intent: entries.intent },
  left: { kind: 'left' },
  forgotten: { kind: 'forgotten' },
  behind: { kind: 'behind' },
  'not-lost': { kind: 'not-lost' },
  'below-use': { kind: 'below-use', resource: 'volumes', typeId: volume, limit: 1, used: 2 },
  'limits-full': { kind: 'limits-full', limit: 1000 },
  contents: { kind: 'contents', contents },
  types: { kind: 'types', id: volume, entries: [entries.type, entries['group-type']] },
  'name-taken': { kind: 'name-taken', name: 'fast' },
  'claimed-otherwise': { kind: 'claimed-otherwise', id: volume },
  'no-type': { kind: 'no-type', id: volume },
  'default-type': { kind: 'default-type', id: volume },
  'types-full': { kind: 'types-full', limit: 9 },
  refused: { kind: 'refused', refusal: { code: 'access-exists', type: volume, project } },
  identity: { kind: 'identity', users: [user], projects: [entries.project], tokens: [token] },
}
const outcomes: ByKind<ChangeOutcome> = {
  decided: { kind: 'decided', answer: answers.absent, proof: null },
  'no-majority': { kind: 'no-majority', answered: 1, needed: 2 },
  overloaded: { kind: 'overloaded', limit: 4096 },
}
const connector = { initiator: 'iqn.x:y', host: null, ip: null, multipath: false, mountpoint: null }
const operations: ByKind<Operation> = {
  update: { kind: 'update', name: 'n', metadataChanges: { a: null } },
  delete: { kind: 'delete', force: false },
  unmanage: { kind: 'unmanage' },
  'reset-status': { kind: 'reset-status', status: 'error' },
  extend: { kind: 'extend', sizeGiB: 2, online: true },
  retype: { kind: 'retype', typeId: volume, typeVersion: 4, mayMove: true },
  revert: { kind: 'revert', snapshot: snapshotSpec.id },
  snapshot: { kind: 'snapshot', snapshot: snapshotSpec, bodyHash: 'h', force: true },
  'update-snapshot': { kind: 'update-snapshot', snapshot: snapshotSpec.id, name: 'n' },
  'delete-snapshot': { kind: 'delete-snapshot', snapshot: snapshotSpec.id },
  'unmanage-snapshot': { kind: 'unmanage-snapshot', snapshot: snapshotSpec.id },
  'reset-snapshot': { kind: 'reset-snapshot', snapshot: snapshotSpec.id, status: 'error' },
  'change-group': { kind: 'change-group', add: [volume], remove: [] },
  'group-snapshot': { kind: 'group-snapshot', groupSnapshot, bodyHash: 'h' },
  'delete-group-snapshot': { kind: 'delete-group-snapshot', groupSnapshot: groupSnapshot.id },
  'reset-group-snapshot': { kind: 'reset-group-snapshot', groupSnapshot: groupSnapshot.id, status: 'error' },
  offer: { kind: 'offer', transfer: TRANSFER, name: null, noSnapshots: false, createdAtMs: 1 },
  'cancel-transfer': { kind: 'cancel-transfer', transfer: TRANSFER },
  accept: { kind: 'accept', transfer: TRANSFER, proof: 'f'.repeat(64), user: 'u', anyType: false },
  attach: { kind: 'attach', attachment: attachment, instance: null, mode: 'rw', connector: null, mountpoint: null },
  connect: { kind: 'connect', attachment: attachment, connector },
  complete: { kind: 'complete', attachment: attachment },
  detach: { kind: 'detach', attachment: attachment, allowUnsafe: true },
  connection: { kind: 'connection', attachment: attachment },
  reserve: { kind: 'reserve', attachment },
  unreserve: { kind: 'unreserve' },
  'begin-detaching': { kind: 'begin-detaching' },
  'roll-detaching': { kind: 'roll-detaching' },
  initialize: { kind: 'initialize', attachment, connector, mode: null },
  terminate: { kind: 'terminate', initiator: 'iqn.x:y', allowUnsafe: false },
  hold: { kind: 'hold', attachment, instance: null, host: 'h', mode: 'ro', mountpoint: '/dev/vdb' },
  dismiss: { kind: 'dismiss', of: 'missing' },
  'set-read-only': { kind: 'set-read-only', readOnly: true },
  'set-bootable': { kind: 'set-bootable', bootable: false },
  'edit-image': { kind: 'edit-image', changes: { a: 'b', c: null } },
  'let-go': { kind: 'let-go', which: attachment, initiator: null, allowUnsafe: true },
}

const whole = (value: unknown): unknown => ({
  kind: 'accept',
  project,
  ballot,
  next: ballot,
  lives: [1],
  change: { kind: 'whole', value: [['some/key', value]] },
  attest: [],
})
const put = (entry: unknown): unknown => ({
  kind: 'accept',
  project,
  ballot,
  next: ballot,
  lives: [1],
  change: { kind: 'difference', base: ballot, puts: [{ key: 'some/key', entry }] },
  attest: [],
})
const changed = (outcome: unknown): unknown => ({ kind: 'changed', ref: 'r', project, outcome })
const operate = (operation: unknown): unknown => ({ kind: 'operate', request: { rid, project, volume, operation } })
const gossip = (rumors: readonly unknown[]): unknown => ({ kind: 'probe', seq: 1, incarnation: 1, rumors })

/** Each of them is taken, as it was, and with a field that nobody knows; and none that lacks a field or has nonsense in one. */
function checkAll(
  t: Test,
  kinds: { readonly [kind: string]: object },
  inMessage: (value: unknown) => unknown,
  optional: readonly string[] = [],
): void {
  for (const [kind, value] of Object.entries(kinds)) {
    const sent = JSON.parse(JSON.stringify(inMessage(value)))
    t.same(parsePeerMessage(sent), sent, kind)
    t.ok(parsePeerMessage(inMessage({ ...value, later: { x: 1 } })), `${kind} with a field of a later version`)
    for (const field of Object.keys(value)) {
      t.equal(parsePeerMessage(inMessage({ ...value, [field]: [7] })), null, `${kind} with nonsense as ${field}`)
      if (!optional.includes(field))
        t.equal(parsePeerMessage(inMessage({ ...value, [field]: undefined })), null, `${kind} without ${field}`)
    }
  }
  t.equal(parsePeerMessage(inMessage({ kind: 'of a later version' })), null, 'a kind that nobody knows')
}

t.test('every entry of a register, whole and as a difference', async (t) => {
  checkAll(t, entries, whole)
  checkAll(t, entries, put)
  t.ok(parsePeerMessage(put(null)), 'an entry that is taken out')
  t.equal(parsePeerMessage(whole(null)), null, 'a whole value has no holes')
})

t.test('every change of a register, and every answer', async (t) => {
  checkAll(t, changes, (change) => ({ kind: 'change', ref: 'r', project, change }), ['defaults', 'hasLeft'])
  checkAll(t, answers, (answer) => changed({ kind: 'decided', answer, proof: null }), ['typeId'])
  checkAll(t, outcomes, changed)
})

t.test('limits: only those that are named, and each of them a number from -1 up', async (t) => {
  const set = (some: unknown): unknown => ({ kind: 'change', ref: 'r', project, change: { kind: 'set-limits', limits: some } })
  for (const good of [{}, { volumes: -1 }, { gigabytes: 0, per_volume_gigabytes: 7 }, { types: { [volume]: { volumes: -1 } } }])
    t.ok(parsePeerMessage(set(good)), JSON.stringify(good))
  for (const bad of [
    null,
    [],
    { volumes: -2 },
    { volumes: 1.5 },
    { volumes: null },
    { gigabytes: '5' },
    { types: { [volume]: { volumes: -2 } } },
    { types: [] },
  ]) {
    t.equal(parsePeerMessage(set(bad)), null, JSON.stringify(bad))
  }
})

t.test('every operation on a volume', async (t) => {
  checkAll(t, operations, operate, ['name', 'metadataChanges'])
})

t.test('rumours: no more than a message may carry, each with what its kind needs', async (t) => {
  const alive: Rumor = { state: 'alive', peer: host, incarnation: 1 }
  const suspect: Rumor = { state: 'suspect', peer: host, incarnation: 1, by: [host], ageMs: 0 }
  const others = Array.from({ length: SUSPECTERS_MAX + 1 }, (_, n) => peerId(`peer-${n}`))
  const good = {
    none: [],
    'as many as there may be': Array.from({ length: RUMORS_MAX }, () => alive),
    'all states': [alive, { ...alive, state: 'down' }, suspect],
    'as many suspecters as count': [{ ...suspect, by: others.slice(1) }],
    'a field of a later version': [{ ...alive, later: 1 }],
  }
  for (const [title, rumors] of Object.entries(good)) t.ok(parsePeerMessage(gossip(rumors)), title)
  const bad = {
    'one too many': Array.from({ length: RUMORS_MAX + 1 }, () => alive),
    'a state that nobody knows': [{ ...alive, state: 'sleepy' }],
    'a suspicion of nobody': [{ ...suspect, by: [] }],
    'too many suspecters': [{ ...suspect, by: others }],
    'a suspicion without its age': [{ ...suspect, ageMs: undefined }],
    'an age below zero': [{ ...suspect, ageMs: -1 }],
    'an incarnation that is no exact number': [{ ...alive, incarnation: 2 ** 60 }],
    'a peer that is none': [{ ...alive, peer: 'a/b' }],
    'no rumour at all': [null],
  }
  for (const [title, rumors] of Object.entries(bad)) t.equal(parsePeerMessage(gossip(rumors)), null, title)
})

t.test('heads and parts of a log: hashes, places and signatures have their form', async (t) => {
  const known = { owner: host, epoch: 1, seq: 2, chain: '0123456789abcdef', whole: false, staged: null }
  const heads = (of: object): unknown => ({ kind: 'heads', heads: [{ ...known, ...of }], only: null, ref: null, about: null })
  t.ok(parsePeerMessage(heads({ staged: { epoch: 1, from: 0, upTo: 9 }, later: true })))
  t.ok(parsePeerMessage(heads({ chain: '' })), 'nothing is known yet')
  for (const bad of [{ chain: 'f'.repeat(17) }, { whole: 'no' }, { seq: 1.5 }, { staged: { epoch: 1, from: 0 } }, { staged: {} }]) {
    t.equal(parsePeerMessage(heads(bad)), null, JSON.stringify(bad))
  }
  t.equal(parsePeerMessage({ kind: 'tally', hash: 'f'.repeat(65) }), null)
  t.ok(parsePeerMessage({ kind: 'heads', heads: [], only: null, ref: 'r', about: volume }))
  t.equal(parsePeerMessage({ kind: 'heads', heads: [], only: null, ref: 'r', about: 'no id' }), null)
})

t.test('what a host is told at its start, and what members tell each other of a register that moves', async (t) => {
  const good: readonly PeerMessage[] = [
    { kind: 'recalled', ref: 'r', head: null, votes: [], projects: [], totals: [project], isLost: true, life: 3 },
    { kind: 'fetched', project, group: 2, seal: false, life: 1, promised: null, accepted: null, value: [], lives: [] },
  ]
  for (const message of good) t.same(parsePeerMessage(JSON.parse(JSON.stringify(message))), message, message.kind)
  const [recalled, fetched] = good
  const bad = [
    { ...recalled, votes: [{ project }] },
    { ...recalled, votes: [{ project, ballot: { ...ballot, group: -1 } }] },
    { ...recalled, projects: [''] },
    { ...recalled, head: { owner: host } },
    { ...fetched, value: [['key']] },
    { ...fetched, value: [['key', null]] },
    { ...fetched, promised: { counter: 1 } },
    { kind: 'fetch', project, group: 0.5, seal: true },
    { kind: 'install', project: '', group: 1 },
    { kind: 'intent', project, volume: volume.toUpperCase() },
  ]
  for (const message of bad) t.equal(parsePeerMessage(message), null, JSON.stringify(message).slice(0, 80))
})
