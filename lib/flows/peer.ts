/**
 * One peer's rules: every event goes in here, and is given to the flow that it belongs to.
 *
 * Deterministic: equal tables, event, clocks and random numbers give equal tables, batch and effects. The contract with
 * the caller is in `step.ts`; what is remembered is in `tables.ts`.
 */
import { assertNever } from '../model/invariant.ts'
import { attachmentId, groupSnapshotId, type PeerId, projectId, requestId, snapshotId, volumeId } from '../model/ids.ts'
import type { Beat } from '../model/host.ts'
import { hostOf, type Manifest } from '../model/manifest.ts'
import type { PeerMessage } from '../model/message.ts'
import type { ClientRequest } from '../model/request.ts'
import { onCreate, onRefused, onReserveAgain, onReserved, onReserveFailed } from './coordinator/create.ts'
import { onClientLook, onHostLooked, onLookedAway, onLookSilent } from './coordinator/look.ts'
import { onClientTypes } from './coordinator/types.ts'
import { NOTHING_SOUGHT, onSearchSeen, onSearchSilent, startSearch } from './coordinator/find.ts'
import {
  onClientOperate,
  onFoundForOperation,
  onOperateAgain,
  onOperated,
  onOperateFailed,
  onRoomCommitted,
  onRoomRefused,
  onRoomReserved,
} from './coordinator/operate.ts'
import { askRegister, onAskFailed, onChanged } from './group/ask.ts'
import { onFetch, onFetched, onInstall, onInstalled, onInstallTimer, onVotingChanged, pushRegisters } from './group/install.ts'
import { abandonProposals, onGroupMessage, onRoundTimer, onVoteUnreachable } from './group/serve.ts'
import { onWatchTimer } from './group/watch.ts'
import { onAsked } from './asked.ts'
import { newOut, note, type Out } from './out.ts'
import { onAttachmentTimer, onExposed, onFenced } from './owner/export-steps.ts'
import { onBuilt, onBuildTimer } from './owner/build.ts'
import { onCommit } from './owner/commit.ts'
import { onExtended, onExtendTimer, onFollowed } from './owner/extend.ts'
import { onMemberSnapshotGone } from './owner/group-progress.ts'
import { onGroupTimer } from './owner/group-snapshot.ts'
import { onMeasuredAgain } from './owner/leaving.ts'
import { onLook, onLooked } from './owner/look.ts'
import { onOperate } from './owner/operate.ts'
import { goOn, onFound, onStart } from './owner/recover.ts'
import { onRemoved, onRemoveTimer } from './owner/remove.ts'
import { onRetagged, onRetagTimer } from './owner/retag.ts'
import { onAbandon, onReserve, onResolveTimer } from './owner/reserve.ts'
import { onReverted, onRevertTimer } from './owner/revert.ts'
import { onReserveRoom } from './owner/room.ts'
import { onFoldTimer } from './owner/settle.ts'
import { onSnapshotMade, onSnapshotTimer } from './owner/snapshot.ts'
import { onSnapshotRemoved, removeSnapshot } from './owner/snapshot-change.ts'
import { onReleased } from './owner/unmanage.ts'
import { attachmentOf, forgetResults } from './owner/work.ts'
import { onAlone, onLate, onOwnDelta, onRecall, onRecalled, onRecallTimer, recallFrom } from './owner/recall.ts'
import { onIntent, onOwnTimer } from './owner/unread.ts'
import { beatSoon, greet, onBeat, onBeatSoon, onBeatTimer } from './spread/beat.ts'
import { onTypesHeard, onTypesTimer } from './spread/catalogue.ts'
import { dropLog } from '../replica/view.ts'
import { onDelta, onHeads, onHeadsTimer, onKept, onPullTimer, onTally, pull } from './spread/exchange.ts'
import { isProbe, onMembersChanged, onOwnLag, onProbe, onProbeKey, onProbeUnsent } from './spread/suspect.ts'
import { collectTombs, onKeptUpTo, onPublished, onSeenTimeout, onSeenUpTo, onSeerLost } from './spread/publish.ts'
import type { MeasuredPool, Now, PeerEvent, Step } from './step.ts'
import type { Peer } from './tables.ts'

/** Gives one event to the peer. Changes its tables; what must happen in the world is returned, and nothing else happens. */
export function step(peer: Peer, event: PeerEvent, now: Now): Step {
  const out = newOut()
  dispatch(peer, out, event, now)
  return out
}

function dispatch(peer: Peer, out: Out, event: PeerEvent, now: Now): void {
  switch (event.kind) {
    case 'start':
      return onStart(peer, out, now)
    case 'found':
      return onFound(peer, out, event, now)
    case 'message':
      return onMessage(peer, out, event.from, event.message, now)
    case 'unreachable':
      return onUnreachable(peer, out, event.to, event.message, now)
    case 'peer':
      return onPeer(peer, out, event, now)
    case 'beat':
      return onHeard(peer, out, event.beat, now)
    case 'client':
      return onClient(peer, out, event.id, event.request, now)
    case 'timer':
      return onTimer(peer, out, event.key, now)
    case 'measured':
      return onMeasured(peer, out, event.pools)
    case 'backend':
      return onBackend(peer, out, event, now)
    case 'target':
      return onTarget(peer, out, event, now)
    case 'published':
      return onPublished(peer, out, event.entry)
    case 'looked':
      return onLooked(peer, out, event)
    case 'manifest':
      return onManifest(peer, out, event.manifest, now)
    case 'kept':
      return onKept(peer, out, event.heads)
    case 'lag':
      return onOwnLag(peer, event.p99Ms)
    case 'journal-space':
      peer.isFull = event.isShort
      if (peer.recovery === null) peer.state = peer.isFull ? 'full' : 'ready'
      return beatSoon(peer, out)
    default:
      return assertNever(event)
  }
}

function onMeasured(peer: Peer, out: Out, pools: readonly MeasuredPool[]): void {
  const isSame = JSON.stringify([...peer.pools.values()]) === JSON.stringify(pools)
  peer.pools.clear()
  for (const pool of pools) peer.pools.set(pool.name, pool)
  onMeasuredAgain(peer, pools)
  if (!isSame) beatSoon(peer, out)
}

function onManifest(peer: Peer, out: Out, manifest: Manifest, now: Now): void {
  const before = peer.options.manifest.voting
  const isStep = before.epoch !== manifest.voting.epoch || (before.former === null) !== (manifest.voting.former === null)
  peer.options = { ...peer.options, manifest }
  peer.groups.clear()
  for (const owner of [...peer.view.logs.keys()]) if (owner !== peer.self && hostOf(manifest, owner) === null) dropLog(peer.view, owner)
  onMembersChanged(peer, now)
  // The end of a step changes no group: a proposer that began anew in it would use its ballots twice.
  if (before.epoch !== manifest.voting.epoch) abandonProposals(peer, out)
  if (isStep) onVotingChanged(peer, out)
  beatSoon(peer, out)
}

function onClient(peer: Peer, out: Out, client: string, request: ClientRequest, now: Now): void {
  switch (request.kind) {
    case 'create':
      return onCreate(peer, out, client, request, now)
    case 'operate':
      return onClientOperate(peer, out, client, request.request, now)
    case 'find': {
      const { project, volume, isOwn } = request
      startSearch(peer, out, { ...NOTHING_SOUGHT, project, volume, isOwn, purpose: { kind: 'reply', client } })
      return
    }
    case 'find-attachment': {
      const { attachment } = request
      startSearch(peer, out, { ...NOTHING_SOUGHT, attachment, purpose: { kind: 'reply', client } })
      return
    }
    case 'find-snapshot': {
      const { project, snapshot, isOwn } = request
      startSearch(peer, out, { ...NOTHING_SOUGHT, project, snapshot, isOwn, purpose: { kind: 'reply', client } })
      return
    }
    case 'find-transfer': {
      const { transfer } = request
      startSearch(peer, out, { ...NOTHING_SOUGHT, transfer, purpose: { kind: 'reply', client } })
      return
    }
    case 'find-group-snapshot': {
      const { groupSnapshot } = request
      startSearch(peer, out, { ...NOTHING_SOUGHT, groupSnapshot, purpose: { kind: 'reply', client } })
      return
    }
    case 'ledger':
      return askRegister(peer, out, request.project, { kind: 'read', about: null }, { kind: 'ledger', client })
    case 'limits': {
      const { project, limits } = request
      const change = limits === null ? ({ kind: 'clear-limits' } as const) : ({ kind: 'set-limits', limits } as const)
      return askRegister(peer, out, project, change, { kind: 'limits', client })
    }
    case 'look':
      return onClientLook(peer, out, client, request.host)
    case 'identity':
      return askRegister(peer, out, request.register, request.change, { kind: 'identity', client })
    case 'types':
      return onClientTypes(peer, out, client, request.change)
    default:
      return assertNever(request)
  }
}

/** What an owner is told to do. One that does not know yet what it owns leaves it: whoever asked will ask again. */
const FOR_OWNERS: ReadonlySet<PeerMessage['kind']> = new Set(['reserve-room', 'abandon', 'commit', 'intent'])

function onMessage(peer: Peer, out: Out, from: PeerId, message: PeerMessage, now: Now): void {
  if (peer.recovery !== null && FOR_OWNERS.has(message.kind)) return
  if (isProbe(message)) return onProbe(peer, out, from, message, now)
  switch (message.kind) {
    case 'reserve':
      return onReserve(peer, out, from, message)
    case 'reserve-room':
      return onReserveRoom(peer, out, from, message, now)
    case 'reserved':
      return peer.operating.has(message.rid) ? onRoomReserved(peer, out, from, message, now) : onReserved(peer, out, from, message, now)
    case 'refused':
      if (peer.operating.has(message.rid)) return onRoomRefused(peer, out, message.rid, message.refusal)
      return onRefused(peer, out, from, message.rid, message.refusal, now)
    case 'abandon':
      return onAbandon(peer, out, message, now)
    case 'commit':
      return onCommit(peer, out, from, message.certificate, now)
    case 'committed':
      return onRoomCommitted(peer, out, message.rid)
    case 'operate':
      return onOperate(peer, out, from, message.request, now)
    case 'operated':
      return onOperated(peer, out, message.rid, message.reply)
    case 'changed': {
      const end = onChanged(peer, out, message)
      return end === null ? undefined : onAsked(peer, out, end, now)
    }
    case 'beat':
      return message.beat.peer === from ? onHeard(peer, out, message.beat, now) : undefined
    case 'heads':
      return onHeads(peer, out, from, message)
    case 'delta':
      // Nobody else writes this host's log; a copy of it teaches the owner nothing, unless it has lost its own.
      if (message.head.owner !== peer.self) return onDelta(peer, out, from, message)
      onOwnDelta(peer, out, from, message)
      return goOn(peer, out, now)
    case 'tally':
      return onTally(peer, out, from, message.hash)
    case 'recall':
      return onRecall(peer, out, from, message.ref)
    case 'recalled':
      onRecalled(peer, out, from, message)
      return goOn(peer, out, now)
    case 'fetch':
      return onFetch(peer, out, from, message)
    case 'fetched':
      return onFetched(peer, out, from, message)
    case 'install':
      return onInstall(peer, out, from, message)
    case 'installed':
      return onInstalled(peer, from, message)
    case 'look':
      return onLook(peer, out, from, message.ref)
    case 'looked':
      return onHostLooked(peer, out, from, message.ref, message.look)
    case 'intent':
      return onIntent(peer, out, message.project)
    case 'seen':
      return onSeen(peer, out, from, message, now)
    default:
      return onGroupMessage(peer, out, from, message)
  }
}

function onHeard(peer: Peer, out: Out, beat: Beat, now: Now): void {
  onBeat(peer, out, beat, now)
  onTypesHeard(peer, out, beat.types)
}

function onSeen(peer: Peer, out: Out, from: PeerId, message: Extract<PeerMessage, { kind: 'seen' }>, now: Now): void {
  const own = message.heads.find((head) => head.owner === peer.self)
  if (own !== undefined) onSeenUpTo(peer, out, from, own.epoch, own.seq)
  if (message.kept !== null) onKeptUpTo(peer, from, message.kept)
  if (message.ref === null) return
  const found = onSearchSeen(peer, out, from, message.ref, message)
  if (found !== null) onFoundForOperation(peer, out, found, now)
}

function onSilent(peer: Peer, out: Out, search: string, silent: PeerId | null, now: Now): void {
  const found = onSearchSilent(peer, out, search, silent)
  if (found !== null) onFoundForOperation(peer, out, found, now)
}

/** A message was not sent. Whoever waits for its answer need not wait any longer. */
function onUnreachable(peer: Peer, out: Out, to: PeerId, message: PeerMessage, now: Now): void {
  if (isProbe(message)) return onProbeUnsent(peer, out, to, message, now)
  switch (message.kind) {
    case 'reserve':
      return onReserveFailed(peer, out, message.rid, to, now)
    case 'reserve-room':
      return onOperateFailed(peer, out, message.rid, to, now)
    case 'operate':
      return onOperateFailed(peer, out, message.request.rid, to, now)
    case 'change': {
      const end = onAskFailed(peer, out, message.ref)
      return end === null ? undefined : onAsked(peer, out, end, now)
    }
    case 'prepare':
    case 'accept':
    case 'confirm':
      return onVoteUnreachable(peer, out, to, message.project)
    case 'look':
      return onLookSilent(peer, out, message.ref, to)
    case 'heads':
      return message.ref === null ? undefined : onSilent(peer, out, message.ref, to, now)
    default:
      // An answer that finds nobody: whoever asked has its own timer.
      return
  }
}

function onPeer(peer: Peer, out: Out, event: Extract<PeerEvent, { kind: 'peer' }>, now: Now): void {
  peer.connections.set(event.peer, { state: event.state, sinceMs: now.wallMs })
  if (event.state === 'down') {
    if (peer.pulling === event.peer) peer.pulling = null
    // Whoever waits for an answer of that peer is told now: nobody knows what became of the request.
    for (const { request, owner } of [...peer.operating.values()])
      if (owner === event.peer) onOperateFailed(peer, out, request.rid, owner, now)
    onLookedAway(peer, out, event.peer)
    return onSeerLost(peer, out, event.peer)
  }
  greet(peer, out, event.peer, now)
  pull(peer, out, event.peer)
  recallFrom(peer, out, event.peer)
}

function onBackend(peer: Peer, out: Out, event: Extract<PeerEvent, { kind: 'backend' }>, now: Now): void {
  const owned = peer.owned.get(event.volume)
  const { job, outcome } = event
  if (job === 'quarantine' || job === 'leftover' || owned === undefined) {
    if (outcome.kind !== 'ok')
      note(out, 'error', 'leftover-stays', { volume: event.volume, job, tool: outcome.tool, detail: outcome.detail })
    return
  }
  if (job.startsWith('build') && owned.step === 'committed') return onBuilt(peer, out, owned, job, outcome, now)
  if (job.startsWith('release') && owned.step === 'deleting') return onReleased(peer, out, owned, job, outcome, now)
  if (job.startsWith('delete') && owned.step === 'deleting') return onRemoved(peer, out, owned, job, outcome, now)
  if (job.startsWith('extend')) return onExtended(peer, out, owned, job, outcome, now)
  if (job === 'retag') return onRetagged(peer, out, owned, outcome)
  if (job === 'revert') return onReverted(peer, out, owned, outcome, now)
  if (job.startsWith('snapshot')) return onSnapshotMade(peer, out, owned, job, outcome, now)
  if (job.startsWith('unsnap')) return onSnapshotRemoved(peer, out, event.volume, job, outcome, now)
}

function onTarget(peer: Peer, out: Out, event: Extract<PeerEvent, { kind: 'target' }>, now: Now): void {
  const { job, outcome, volume } = event
  const [what, id] = job.split('/')
  const owned = peer.owned.get(volume)
  const attachment = owned === undefined ? null : attachmentOf(owned, attachmentId(id ?? ''))
  if (owned === undefined || attachment === null) {
    if (outcome.kind !== 'ok') note(out, 'warn', 'export-not-cut', { volume, job, tool: outcome.tool, detail: outcome.detail })
    return
  }
  if (what === 'expose') return onExposed(peer, out, owned, attachment, outcome, now)
  if (what === 'follow') return onFollowed(peer, out, owned, attachment, outcome, now)
  if (what === 'fence') return onFenced(peer, out, owned, attachment, outcome, now)
}

function onTimer(peer: Peer, out: Out, key: string, now: Now): void {
  const end = key.indexOf('/')
  const what = end < 0 ? key : key.slice(0, end)
  const name = end < 0 ? '' : key.slice(end + 1)
  switch (what) {
    case 'reserve':
      return onReserveFailed(peer, out, requestId(name), null, now)
    case 'reserve-again':
      return onReserveAgain(peer, out, requestId(name), now)
    case 'types':
      return onTypesTimer(peer, out)
    case 'operate':
      return onOperateFailed(peer, out, requestId(name), null, now)
    case 'operate-again':
      return onOperateAgain(peer, out, requestId(name))
    case 'ask': {
      const ended = onAskFailed(peer, out, name)
      return ended === null ? undefined : onAsked(peer, out, ended, now)
    }
    case 'round':
      return onRoundTimer(peer, out, projectId(name))
    case 'look':
      return onLookSilent(peer, out, name, null)
    case 'search':
      return onSilent(peer, out, name, null, now)
    case 'seen':
      return onSeenTimeout(peer, out, Number(name))
    case 'resolve':
      return onResolveTimer(peer, out, volumeId(name), now)
    case 'fold':
      return onFoldTimer(peer, out, projectId(name), now)
    case 'build':
      return onBuildTimer(peer, out, volumeId(name))
    case 'remove':
      return onRemoveTimer(peer, out, volumeId(name))
    case 'extend':
      return onExtendTimer(peer, out, volumeId(name))
    case 'retag':
      return onRetagTimer(peer, out, volumeId(name))
    case 'revert':
      return onRevertTimer(peer, out, volumeId(name))
    case 'snapshot':
      return onSnapshotTimer(peer, out, volumeId(name))
    case 'unsnap': {
      const [volume = '', snapshot = ''] = name.split('/')
      return removeSnapshot(peer, out, volumeId(volume), snapshotId(snapshot))
    }
    case 'group':
      return onGroupTimer(peer, out, volumeId(name), now)
    case 'ungroup':
      return onMemberSnapshotGone(peer, out, groupSnapshotId(name), now)
    case 'fence':
    case 'expose':
      return onAttachmentTimer(peer, out, what, attachmentId(name))
    case 'heads':
      return onHeadsTimer(peer, out)
    case 'beat':
      return onBeatTimer(peer, out, now)
    case 'probe':
      return onProbeKey(peer, out, key, now)
    case 'beat-soon':
      return onBeatSoon(peer, out, now)
    case 'recall':
      return onRecallTimer(peer, out)
    case 'late':
      onLate(peer)
      return goOn(peer, out, now)
    case 'alone':
      onAlone(peer, out)
      return goOn(peer, out, now)
    case 'install':
      return onInstallTimer(peer, out, projectId(name))
    case 'pull':
      return onPullTimer(peer)
    case 'push':
      return pushRegisters(peer, out)
    case 'own':
      return onOwnTimer(peer, out, projectId(name))
    case 'watch':
      forgetResults(peer, out, now)
      if (peer.recovery === null) collectTombs(peer, out)
      return onWatchTimer(peer, out, now)
    default:
      return note(out, 'error', 'timer-unknown', { key })
  }
}
