/**
 * A grant of this host that its journal does not explain: the register bound a reservation that is gone.
 *
 * It takes a journal that was lost, or a BIND that was on its way for longer than the register remembers closed
 * reservations. A bound request stays bound, so this host takes it on: what is there already is looked at, room is
 * checked anew, and the volume is made, or is in error.
 */
import { assertNever } from '../../model/invariant.ts'
import { hostOf } from '../../model/manifest.ts'
import { type ProjectId, type RequestId, reservationId } from '../../model/ids.ts'
import type { Binding } from '../../model/ledger.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import type { Certificate } from '../../model/proof.ts'
import { groupSnapshotOf, withGroup } from '../../model/group.ts'
import { creatingSnapshot, snapshotOf, takenIn, withSnapshot } from '../../model/snapshot.ts'
import type { VolumeSpec } from '../../model/volume.ts'
import { askRegister } from '../group/ask.ts'
import { cancel, dropOwned, keepOwned, note, type Out } from '../out.ts'
import { createBody, creatingVolume } from '../shape.ts'
import { publishOwned, publishTomb } from '../spread/publish.ts'
import type { ListedSnapshot, ListedVolume, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned, Pending, PendingExtend, PendingGroupSnapshot, PendingSnapshot } from './owned.ts'
import { acceptToDo } from './accept.ts'
import { refusalOf, refusalOfAny, roomFor, roomForSnapshot, typesFor } from './capacity.ts'
import { refusePromised } from './extend.ts'
import { commitNew } from './group-build.ts'
import { commitRoom } from './room.ts'
import { resolve } from './reserve.ts'
import { settle } from './settle.ts'
import { groupOn } from './members.ts'
import { isBeingCopied, isTaken } from './source.ts'
import { failForgotten, FORGOTTEN } from './snapshot.ts'

const GIB = 1024 ** 3

/** The certificate alone does not say what to build; the register does. */
export function askToAdopt(peer: Peer, out: Out, { project, rid }: Certificate): void {
  askRegister(peer, out, project, { kind: 'read', about: null }, { kind: 'adopt', rid })
}

export function onAdopted(peer: Peer, out: Out, project: ProjectId, rid: RequestId, outcome: ChangeOutcome, now: Now): void {
  if (outcome.kind !== 'decided' || outcome.answer.kind !== 'contents') return
  const binding = outcome.answer.contents.bound.find((one) => one.rid === rid && one.host === peer.self)
  if (binding !== undefined) explain(peer, out, project, binding, now)
}

/** An open grant that names this host: whatever the journal lacks of it is made up for. */
export function explain(peer: Peer, out: Out, project: ProjectId, binding: Binding, now: Now): void {
  const { rid, volume: id, reservation } = binding
  if (peer.settled.has(rid)) return
  const known = withoutOthers(peer, out, binding)
  if (known?.volume.rid === rid) {
    if (known.step === 'reserved') return commitNew(peer, out, { ...known, reservation }, now)
    // It was made, and that it was has been forgotten before the register heard of it.
    if (known.step !== 'committed') {
      publishOwned(peer, out, known, now)
      settle(peer, out, project, rid)
    }
    return
  }
  if (known?.pending?.rid === rid) return known.pending.committed ? undefined : commitRoom(peer, out, known, peer.self, now)
  note(out, 'warn', 'grant-without-reservation', { rid, volume: id })
  if (binding.transfer !== null) return explainAccept(peer, out, project, binding, known, now)
  // What was answered has been carried out, and perhaps undone since the register was read: it is not done again, only settled.
  if (!peer.results.has(rid)) {
    if (binding.spec !== null && known === undefined && !peer.tombs.has(id)) return adopt(peer, out, binding, now)
    // What has become another project's since has had what this one was granted for it.
    const isTheirs = known?.volume.project === project
    const pending = known?.step === 'built' && isTheirs ? stillToDo(known, binding) : null
    if (known !== undefined && pending !== null) return doAfterAll(peer, out, known, pending, now)
  }
  end(peer, out, project, binding, known, now)
}

/** Carried out, or never to be: only settled. */
function end(peer: Peer, out: Out, project: ProjectId, { rid, volume: id }: Binding, known: Owned | undefined, now: Now): void {
  if (known === undefined) publishTomb(peer, out, id)
  else publishOwned(peer, out, known, now)
  settle(peer, out, project, rid)
}

/** While the volume is busy, or not explained itself, it waits: a member of its group will say so again. */
function explainAccept(peer: Peer, out: Out, project: ProjectId, binding: Binding, known: Owned | undefined, now: Now): void {
  const pending = peer.results.has(binding.rid) ? null : acceptToDo(peer, known, binding, project)
  if (pending === 'wait') return
  // As if it had been reserved: the registers are asked once more, and then it is carried out.
  if (pending !== null && known !== undefined) return resolve(peer, out, keepOwned(peer, out, { ...known, pending }), now)
  end(peer, out, project, binding, known, now)
}

/**
 * The journal's part of it. What was bound has been forgotten, and the key came again with another body: what was
 * reserved for that one is let go, since the register has decided for the first.
 */
function withoutOthers(peer: Peer, out: Out, binding: Binding): Owned | undefined {
  const { rid, volume: id, spec } = binding
  const known = peer.owned.get(id)
  if (known?.step === 'reserved' && known.volume.rid === rid && spec !== null && createBody(known.volume) !== createBody(spec)) {
    cancel(out, `resolve/${id}`)
    dropOwned(peer, out, id)
    return undefined
  }
  const pending = known?.pending?.rid === rid && !known.pending.committed ? known.pending : null
  if (known === undefined || pending === null) return known
  const isSame = isFor(pending, binding)
  return isSame ? known : keepOwned(peer, out, { ...known, pending: null })
}

function isFor(pending: Pending, { snapshot, transfer, groupSnapshot, typeId, sizeGiB, bodyHash }: Binding): boolean {
  switch (pending.kind) {
    case 'snapshot':
      return snapshot !== null && pending.bodyHash === bodyHash
    case 'group-snapshot':
      return groupSnapshot !== undefined && pending.bodyHash === bodyHash
    case 'accept':
      return transfer !== null && pending.transfer.id === transfer.id
    case 'retype':
      return pending.type.id === typeId
    case 'extend': {
      const isOther = snapshot !== null || transfer !== null || groupSnapshot !== undefined || typeId !== undefined
      return !isOther && pending.sizeGiB === sizeGiB
    }
    default:
      return assertNever(pending)
  }
}

/**
 * What the grant was for, if the record does not show that it was carried out. A retype is never done after all: it may have been, and another
 * one since, and nobody has lost anything but a wish.
 */
function stillToDo(
  { volume }: Owned,
  { rid, reservation, sizeGiB, snapshot, spec, groupSnapshot, typeId, bodyHash }: Binding,
): PendingExtend | PendingSnapshot | PendingGroupSnapshot | null {
  const held = { rid, reservation, sizeGiB, committed: false }
  if (groupSnapshot !== undefined) {
    const { members, ...wanted } = groupSnapshot
    if (groupSnapshotOf(volume, wanted.id) !== null) return null
    return { kind: 'group-snapshot', rid, reservation, committed: false, groupSnapshot: wanted, bodyHash, members }
  }
  if (snapshot !== null) return snapshotOf(volume, snapshot.id) === null ? { ...held, kind: 'snapshot', snapshot, bodyHash } : null
  return spec === null && typeId === undefined && sizeGiB > volume.sizeGiB ? { ...held, kind: 'extend' } : null
}

/** An extend or a snapshot that was promised and forgotten. While the volume is busy it waits: a member of its group will say so again. */
function doAfterAll(peer: Peer, out: Out, known: Owned, pending: PendingExtend | PendingSnapshot | PendingGroupSnapshot, now: Now): void {
  if (pending.kind === 'group-snapshot') {
    if (known.working === null && known.pending === null) commitRoom(peer, out, { ...known, pending }, peer.self, now)
    return
  }
  const { pool, status, project, sizeGiB: before } = known.volume
  if (known.working !== null || known.pending !== null || isBeingCopied(peer, known.volume.id, null)) return
  const measured = pool === null ? null : (peer.pools.get(pool) ?? null)
  const neededGiB = pending.kind === 'extend' ? pending.sizeGiB - before : roomForSnapshot(pending.snapshot, pending.sizeGiB, measured)
  // Bytes that are there already take no more room.
  const isThere = pending.kind === 'snapshot' && peer.straySnapshots.has(pending.snapshot.id)
  const existing = pending.kind === 'snapshot' ? pending.snapshot.existing : undefined
  const isTheirs = pool !== null && existing !== undefined && isTaken(peer, pool, existing.name)
  const hasRoom = isThere || (pool !== null && !isTheirs && refusalOf(peer, pool, neededGiB, [], null) === null)
  const mayGrow = pending.kind === 'extend' && refusePromised(peer, known, pending.sizeGiB) === null
  if (hasRoom && (pending.kind === 'snapshot' || mayGrow)) {
    return commitRoom(peer, out, { ...known, pending }, peer.self, now)
  }
  const detail = hasRoom ? `the volume is ${status} by now` : 'its room has been given to others'
  if (pending.kind === 'snapshot') return failForgotten(peer, out, known, pending, detail, now)
  const failure = { kind: 'backend', step: 'extend', tool: FORGOTTEN, detail } as const
  publishOwned(peer, out, { ...known, volume: { ...known.volume, failure } }, now)
  settle(peer, out, project, pending.rid)
}

/** Bytes of ours that only their tags explain: nobody has their record any more. */
export function adoptBytes(peer: Peer, out: Out, { id, poolName, sizeBytes, tags }: ListedVolume, now: Now): void {
  if (tags === null) return
  const spec: VolumeSpec = {
    id,
    project: tags.project,
    user: '',
    name: null,
    description: null,
    sizeGiB: Math.max(1, Math.floor(sizeBytes / GIB)),
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: now.wallMs,
  }
  const volume = { ...creatingVolume(spec, tags.rid, peer.self, poolName, zoneOf(peer)), status: 'available' as const }
  note(out, 'warn', 'volume-adopted', { volume: id, project: tags.project, sizeGiB: spec.sizeGiB })
  publishOwned(peer, out, { ...reservedAs(volume, reservationId('0.0')), step: 'built' }, now)
  settle(peer, out, tags.project, tags.rid)
}

/** The same for a snapshot. `grant`: what its register still says of it. */
export function adoptSnapshot(
  peer: Peer,
  out: Out,
  owned: Owned,
  { id, sizeBytes, tags }: ListedSnapshot,
  grant: Binding | null,
  now: Now,
): void {
  if (tags === null) return
  const { volume } = owned
  const { project, rid } = tags
  const unknown = { id, volume: volume.id, project, user: '', name: null, description: null, metadata: {}, createdAtMs: now.wallMs }
  const made = { rid, sizeGiB: Math.max(1, Math.floor(sizeBytes / GIB)), bodyHash: grant?.bodyHash ?? '' }
  const snapshot = { ...takenIn(creatingSnapshot(grant?.snapshot ?? unknown, made)), status: 'available' } as const
  note(out, 'warn', 'snapshot-adopted', { snapshot: id, volume: volume.id, project, sizeGiB: made.sizeGiB })
  publishOwned(peer, out, { ...owned, volume: withSnapshot(volume, id, snapshot) }, now)
  settle(peer, out, project, rid)
}

function adopt(peer: Peer, out: Out, binding: Binding, now: Now): void {
  const { rid, pool, reservation } = binding
  if (binding.spec === null) return
  // The group that it was to be in has gone since, or was never made.
  const isAlone = binding.spec.group !== undefined && groupOn(peer, binding.spec.group)?.step !== 'built'
  const spec = isAlone ? withGroup(binding.spec, null) : binding.spec
  const volume = creatingVolume(spec, rid, peer.self, pool, zoneOf(peer))
  const owned = reservedAs(volume, reservation)
  // Bytes that are there already take no more room.
  const isThere = peer.strays.delete(spec.id)
  // Neither room nor what lies in the pool is taken from those who were promised it since.
  const isTheirs = spec.source?.kind === 'existing' && isTaken(peer, pool, spec.source.name)
  const hasRoom =
    !isTheirs && refusalOfAny(peer, pool, roomFor(spec, peer.pools.get(pool) ?? null), [], typesFor(peer, spec) ?? []) === null
  if (isThere || hasRoom) {
    return commitNew(peer, out, keepOwned(peer, out, owned), now)
  }
  publishOwned(peer, out, { ...owned, step: 'failed', volume: { ...volume, status: 'error', failure: { kind: 'lost' } } }, now)
  settle(peer, out, spec.project, rid)
}

function reservedAs(volume: Owned['volume'], reservation: Owned['reservation']): Owned {
  return { volume, step: 'reserved', reservation, seq: 0, hash: null, pending: null, working: null }
}

function zoneOf(peer: Peer): string {
  return hostOf(peer.options.manifest, peer.self)?.zone ?? ''
}
