/**
 * What a register holds for this host to see to: grants that its journal does not explain, deletes that were asked for
 * while it was away, and the origin of bytes without a record.
 *
 * Until a register that may hold such a thing has been read, nothing new of its project is exported here.
 */
import type { ProjectId, VolumeId } from '../../model/ids.ts'
import type { Intent, LedgerContents } from '../../model/ledger.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import { snapshotOf } from '../../model/snapshot.ts'
import { askRegister } from '../group/ask.ts'
import { note, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { ListedSnapshot, ListedVolume, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { adoptBytes, adoptSnapshot, explain } from './adopt.ts'
import { deleteGroupAsIntended } from './group-remove.ts'
import { groupOn } from './members.ts'
import { deleteAsIntended } from './remove.ts'
import { toldAgain } from './forgotten.ts'
import { backend } from './work.ts'

export function readOwn(peer: Peer, out: Out, project: ProjectId): void {
  askRegister(peer, out, project, { kind: 'read', about: null }, { kind: 'own' })
}

export function onOwnTimer(peer: Peer, out: Out, project: ProjectId): void {
  if (peer.unread.has(project)) readOwn(peer, out, project)
}

/** A member has found an intent that names this host. */
export function onIntent(peer: Peer, out: Out, project: ProjectId): void {
  if (peer.recovery === null) readOwn(peer, out, project)
}

export function onOwnRead(peer: Peer, out: Out, project: ProjectId, outcome: ChangeOutcome, now: Now): void {
  if (outcome.kind !== 'decided' || outcome.answer.kind !== 'contents') {
    if (peer.unread.has(project)) timer(out, `own/${project}`, peer.options.timings.retryMs)
    return
  }
  const { contents } = outcome.answer
  peer.unread.delete(project)
  // Groups first: a volume is made in its group.
  const ours = contents.bound.filter(({ host }) => host === peer.self)
  for (const binding of ours) if (binding.spec?.holds !== undefined) explain(peer, out, project, binding, now)
  for (const binding of ours) if (binding.spec?.holds === undefined) explain(peer, out, project, binding, now)
  for (const stray of [...peer.strays.values()]) if (stray.tags?.project === project) place(peer, out, stray, contents, now)
  for (const stray of [...peer.straySnapshots.values()]) if (stray.tags?.project === project) placeSnapshot(peer, out, stray, contents, now)
  for (const intent of contents.intents) if (intent.host === peer.self) honour(peer, out, project, intent, now)
}

/** Bytes of this project without a record, and without a grant. A host that has forgotten takes them for its own. */
function place(peer: Peer, out: Out, stray: ListedVolume, contents: LedgerContents, now: Now): void {
  const { id } = stray
  peer.strays.delete(id)
  if (peer.owned.has(id)) return
  const isElsewhere = contents.bound.some((binding) => binding.volume === id && binding.host !== peer.self)
  if (!isElsewhere && toldAgain(peer).includes(contents.project)) return adoptBytes(peer, out, stray, now)
  note(out, 'error', 'volume-quarantined', { volume: id })
  backend(out, id, 'quarantine', { kind: 'quarantine', volume: id })
}

/** The same for a snapshot, after its volume. */
function placeSnapshot(peer: Peer, out: Out, stray: ListedSnapshot, contents: LedgerContents, now: Now): void {
  const { id, volume } = stray
  // A part of a group snapshot that is still to be taken, as soon as its volume is free.
  if (contents.bound.some(({ groupSnapshot }) => groupSnapshot?.members.some((member) => member.snapshot === id) === true)) return
  peer.straySnapshots.delete(id)
  const owned = peer.owned.get(volume)
  if (owned !== undefined && snapshotOf(owned.volume, id) !== null) return
  const grant = contents.bound.find((binding) => binding.snapshot?.id === id) ?? null
  if (owned?.step === 'built' && toldAgain(peer).includes(contents.project)) return adoptSnapshot(peer, out, owned, stray, grant, now)
  note(out, 'error', 'snapshot-quarantined', { snapshot: id, volume })
  backend(out, volume, 'quarantine', { kind: 'quarantine-snapshot', snapshot: { id, volume } })
}

/** A delete that was asked for while this host was away. One that cannot be done is withdrawn: the volume stays as it is. */
function honour(peer: Peer, out: Out, project: ProjectId, intent: Intent, now: Now): void {
  const group = groupOn(peer, intent.volume)
  const end =
    group === null ? deleteAsIntended(peer, out, project, intent, now) : deleteGroupAsIntended(peer, out, project, group, intent, now)
  if (end === 'wait') return
  const owned = peer.owned.get(intent.volume)
  if (end === 'refused' && owned !== undefined) {
    const { volume } = owned
    note(out, 'warn', 'delete-intent-refused', { volume: volume.id, rid: intent.rid })
    publishOwned(
      peer,
      out,
      {
        ...owned,
        volume: {
          ...volume,
          failure: { kind: 'delete-refused', attachments: volume.attachments.length, snapshots: volume.snapshots.length },
        },
      },
      now,
    )
  }
  withdraw(peer, out, project, intent.volume, intent.rid)
}

function withdraw(peer: Peer, out: Out, project: ProjectId, volume: VolumeId, rid: Intent['rid']): void {
  askRegister(peer, out, project, { kind: 'withdraw', volume, rid }, { kind: 'withdraw', volume })
}
