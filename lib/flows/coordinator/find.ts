/**
 * Finds a volume or a snapshot that this peer's view does not hold, before anybody is told that there is none.
 *
 * First the project's register (a majority of it): granted, or without room, or ended. Then every other host is asked
 * for what it knows; where no project is named, also in which registers it holds something about what is sought, and
 * those are read. "Not found" needs an answer of all of them, or for a host that is silent at least a copy of its log here,
 * and that no register can have been missed; else the honest answer is that it cannot be said.
 */
import { failure, type Failure, success } from '../../model/failure.ts'
import { canonicalJson } from '../../model/json.ts'
import { hostName, isLostHost, votersOf, zoneOf } from '../../model/manifest.ts'
import type { PeerId, ProjectId, SnapshotId, VolumeId } from '../../model/ids.ts'
import type { LedgerContents } from '../../model/ledger.ts'
import type { ChangeOutcome, KnownHead } from '../../model/message.ts'
import { type Snapshot, snapshotOf } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import { positionOf } from '../../replica/log.ts'
import { logOf, noteGranted } from '../../replica/view.ts'
import { groupSize, majorityOf } from '../../register/home-group.ts'
import { askRegister } from '../group/ask.ts'
import { cancel, freshName, type Out, reply, timer } from '../out.ts'
import { grantedSnapshot, grantedVolume, unplacedAsVolume } from '../shape.ts'
import { isAhead, registersNaming, searchHeads } from '../spread/exchange.ts'
import type { Peer } from '../tables.ts'
import type { Searching } from './requests.ts'
import { noMajority } from './reasons.ts'

/** A lost message is asked for again so often. */
const STUCK_MAX = 3

/** A search that found its volume, for the caller to go on with. */
export interface Found {
  readonly search: Searching
  readonly volume: Volume
}

type Sought = Pick<Searching, 'project' | 'volume' | 'attachment' | 'snapshot' | 'transfer' | 'groupSnapshot' | 'isOwn'>
export type Search = Sought & Pick<Searching, 'purpose'>

/** A search names one of these. */
export const NOTHING_SOUGHT: Sought = {
  project: null,
  volume: null,
  attachment: null,
  snapshot: null,
  transfer: null,
  groupSnapshot: null,
  isOwn: false,
}

export function startSearch(peer: Peer, out: Out, search: Search): Found | null {
  const name = freshName(peer)
  peer.searching.set(name, {
    ...search,
    waiting: [],
    silent: [],
    behind: new Map(),
    named: [],
    knownOwner: null,
    takenAt: [],
    majority: 0,
    since: peer.view.collections,
  })
  const about = aboutOf(search)
  if (search.project === null || about === null) return askHosts(peer, out, name)
  askRegister(peer, out, search.project, { kind: 'read', about }, { kind: 'find', search: name })
  return null
}

/** The register's part of the answer. */
export function onSearchRead(peer: Peer, out: Out, name: string, outcome: ChangeOutcome): Found | null {
  const search = peer.searching.get(name)
  if (search === undefined) return null
  const [asked, ...named] = search.named
  if (outcome.kind !== 'decided' || outcome.answer.kind !== 'contents') {
    const project = search.project ?? asked
    if (outcome.kind === 'no-majority' && project !== undefined) return giveUp(peer, out, name, noMajority(peer, project, outcome))
    return giveUp(peer, out, name, { code: 'overloaded', queue: 'register', limit: outcome.kind === 'overloaded' ? outcome.limit : 0 })
  }
  const granted = snapshotInRegister(peer, search, outcome.answer.contents)
  if (granted !== null) return foundSnapshot(peer, out, name, search, granted)
  const hit = inRegister(peer, search, outcome.answer.contents)
  if (hit !== null) return found(peer, out, name, search, hit)
  // Deleted after its host was lost.
  if (search.volume !== null && outcome.answer.contents.gone.includes(search.volume)) return giveUp(peer, out, name, missing(search))
  const takenAt = acceptedHosts(peer, search, outcome.answer.contents)
  // It is shown as another project's, and never was this one's but by its create: whatever is newer than that is no newer than this.
  if (isTheirs(peer, search) && takenAt.length === 0) return giveUp(peer, out, name, missing(search))
  const knownOwner = outcome.answer.contents.ended?.host ?? search.knownOwner
  // What the hosts said before this register was read may be older than what it says: its owner is asked again.
  const project = search.project ?? (knownOwner === null ? null : (asked ?? null))
  const left = { ...search, project, named, knownOwner, takenAt }
  peer.searching.set(name, left)
  if (project !== null) return askHosts(peer, out, name)
  return conclude(peer, out, name, left)
}

/** What registers can say something of: a volume or a snapshot, and none of their parts. */
function aboutOf({ volume, snapshot }: Pick<Searching, 'volume' | 'snapshot'>): VolumeId | SnapshotId | null {
  return volume ?? snapshot
}

/** A host has sent what it knows, and says how far that goes. */
export function onSearchSeen(
  peer: Peer,
  out: Out,
  from: PeerId,
  name: string,
  { heads, projects }: { readonly heads: readonly KnownHead[]; readonly projects: readonly ProjectId[] },
): Found | null {
  const search = peer.searching.get(name)
  if (search === undefined) return null
  // Some of it was lost, is still on its way, or did not fit into one answer: nothing can be concluded from it yet.
  const ahead = heads.filter((head) => isAhead(peer, head))
  if (ahead.length > 0 && inView(peer, search) === null) {
    askForMore(peer, out, from, name, search, ahead)
    return null
  }
  const waiting = search.waiting.filter((host) => host !== from)
  const named = search.project === null ? [...new Set([...search.named, ...projects])] : []
  const left = { ...search, waiting, named }
  peer.searching.set(name, left)
  const hit = inView(peer, left)
  if (hit !== null) return found(peer, out, name, left, hit)
  return waiting.length === 0 ? conclude(peer, out, name, left) : null
}

/** A log that does not come however often it is asked for (damaged, or forked) must not be asked for without end: its host stays silent. */
function askForMore(peer: Peer, out: Out, from: PeerId, name: string, search: Searching, ahead: readonly KnownHead[]): void {
  const at = canonicalJson(ahead.map(({ owner }) => positionOf(owner, logOf(peer.view, owner))))
  const before = search.behind.get(from)
  const times = before?.at === at ? before.times + 1 : 1
  if (times > STUCK_MAX) return
  peer.searching.set(name, { ...search, behind: new Map([...search.behind, [from, { at, times }]]) })
  searchHeads(peer, out, from, name, aboutOf(search))
}

/** The hosts that have not answered stay silent. */
export function onSearchSilent(peer: Peer, out: Out, name: string, silent: PeerId | null): Found | null {
  const search = peer.searching.get(name)
  if (search === undefined) return null
  const gone = silent === null ? search.waiting : search.waiting.filter((host) => host === silent)
  const left = { ...search, waiting: search.waiting.filter((host) => !gone.includes(host)), silent: [...search.silent, ...gone] }
  peer.searching.set(name, left)
  return left.waiting.length === 0 ? conclude(peer, out, name, left) : null
}

function askHosts(peer: Peer, out: Out, name: string): Found | null {
  const search = peer.searching.get(name)
  if (search === undefined) return null
  const hit = inView(peer, search)
  if (hit !== null) return found(peer, out, name, search, hit)
  const others = peer.options.manifest.hosts.filter((host) => host.peer !== peer.self && host.state !== 'lost').map((host) => host.peer)
  const isUp = (other: PeerId): boolean => peer.connections.get(other)?.state === 'up'
  const about = aboutOf(search)
  const named = search.project === null && about !== null ? registersNaming(peer, about) : []
  const majority = smallestMajority(peer)
  const asked = { ...search, named, majority, waiting: others.filter(isUp), silent: others.filter((other) => !isUp(other)) }
  peer.searching.set(name, asked)
  if (asked.waiting.length === 0) return conclude(peer, out, name, asked)
  timer(out, `search/${name}`, peer.options.timings.askMs)
  for (const host of asked.waiting) searchHeads(peer, out, host, name, about)
  return null
}

/** Everybody who could be asked was; a register that somebody named is read, or it is not there, or nobody can say. */
function conclude(peer: Peer, out: Out, name: string, search: Searching): Found | null {
  // It has come by another way while the last host was waited for: by a push, or because this host remembers again what it owns.
  const hit = inView(peer, search)
  if (hit !== null) return found(peer, out, name, search, hit)
  const { silent, project } = search
  const cannotSay = (host: PeerId): boolean => silent.includes(host) || isLostHost(peer.options.manifest, host)
  const knownOwner = search.knownOwner ?? search.takenAt.find(cannotSay) ?? null
  const [named] = search.named
  if (project === null && named !== undefined) {
    askRegister(peer, out, named, { kind: 'read', about: aboutOf(search) }, { kind: 'find', search: name })
    return null
  }
  // A host that does not know yet what it holds itself cannot say that there is nothing.
  if (peer.recovery !== null || peer.strays.size > 0 || peer.straySnapshots.size > 0)
    return giveUp(peer, out, name, { code: 'recovering', host: hostName(peer.options.manifest, peer.self) })
  if (knownOwner !== null && search.volume !== null && isBuried(peer, knownOwner, search.volume))
    return giveUp(peer, out, name, missing(search))
  if (knownOwner !== null && silent.includes(knownOwner)) {
    const sinceMs = peer.connections.get(knownOwner)?.sinceMs ?? null
    return giveUp(peer, out, name, { code: 'owner-unreachable', host: hostName(peer.options.manifest, knownOwner), sinceMs })
  }
  // Every majority of a register's members has one among those who answered, if fewer than a majority are silent.
  const isCovered = project !== null || (aboutOf(search) !== null && silent.length < Math.min(search.majority, smallestMajority(peer)))
  // Of a host that is lost nobody can be asked but those who have its log, and one of them may have all of it.
  const isLost = knownOwner !== null && isLostHost(peer.options.manifest, knownOwner)
  const unheard = isCovered && !isLost ? silent.filter((host) => (peer.view.logs.get(host)?.head ?? null) === null) : silent
  return giveUp(peer, out, name, unheard.length > 0 ? { code: 'peer-incomplete', silent: unheard } : missing(search))
}

/** Of the groups that hold registers now; while a step is under way, those of the former voters still do. */
function smallestMajority({ options }: Peer): number {
  const { voting } = options.manifest
  const voters = [votersOf(options.manifest).length, ...(voting.former === null ? [] : [voting.former.length])]
  return Math.min(...voters.map((count) => majorityOf(groupSize(count))))
}

/** The owner has said itself that it is gone. */
export function isBuried(peer: Peer, owner: PeerId, volume: VolumeId): boolean {
  return peer.view.logs.get(owner)?.records.get(volume)?.volume === null
}

function missing(search: Searching): Failure {
  if (search.volume !== null) return { code: 'volume-not-found', volume: search.volume }
  if (search.attachment !== null) return { code: 'attachment-not-found', attachment: search.attachment }
  if (search.snapshot !== null) return { code: 'snapshot-not-found', snapshot: search.snapshot }
  if (search.transfer !== null) return { code: 'transfer-not-found', transfer: search.transfer }
  if (search.groupSnapshot !== null) return { code: 'group-snapshot-not-found', groupSnapshot: search.groupSnapshot }
  return { code: 'overloaded', queue: 'search', limit: 0 }
}

function inView(peer: Peer, search: Searching): Volume | null {
  const shown = shownFor(peer, search)
  return shown !== null && isCounted(search, shown) ? shown : null
}

/** Whoever's it is. */
function shownFor(peer: Peer, { volume, attachment, snapshot, transfer, groupSnapshot }: Searching): Volume | null {
  const { attachments, snapshots, transfers, groupSnapshots } = peer.view
  const part = attachment === null ? undefined : attachments.get(attachment)
  const offered = transfer === null ? undefined : transfers.get(transfer)
  const grouped = groupSnapshot === null ? undefined : groupSnapshots.get(groupSnapshot)
  const id = volume ?? part ?? offered ?? grouped ?? (snapshot === null ? undefined : snapshots.get(snapshot))
  return id === undefined ? null : (peer.view.volumes.get(id)?.volume ?? null)
}

/**
 * Where what the project has taken over from others lies, as far as what is sought may be part of it: its register knows
 * volumes, and which volume a snapshot is of is in the picture or nowhere.
 */
function acceptedHosts(peer: Peer, search: Searching, { accepted }: LedgerContents): readonly PeerId[] {
  const id = search.volume ?? shownFor(peer, search)?.id ?? null
  const hosts = accepted.filter(({ volume }) => id === null || volume === id).map(({ host }) => host)
  return [...new Set(hosts)].filter((host) => host !== null)
}

function isCounted({ project, isOwn }: Searching, volume: Volume): boolean {
  return !isOwn || volume.project === project
}

function isTheirs(peer: Peer, search: Searching): boolean {
  const shown = shownFor(peer, search)
  return shown !== null && !isCounted(search, shown)
}

function inRegister(peer: Peer, { volume, since }: Searching, contents: LedgerContents): Volume | null {
  const unplaced = contents.unplaced.find((one) => one.spec.id === volume)
  if (unplaced !== undefined) return unplacedAsVolume(unplaced)
  const binding = contents.bound.find((one) => one.volume === volume && one.spec !== null)
  if (binding === undefined) return null
  const granted = grantedVolume(binding, zoneOf(peer.options.manifest, binding.host))
  // A grant stays open for a moment after its volume has come and gone; the owner's tombstone knows better.
  if (granted === null || isBuried(peer, binding.host, binding.volume)) return null
  noteGranted(peer.view, granted, binding.host, since)
  const known = peer.view.volumes.get(binding.volume)?.volume ?? granted
  // It was made, and has become another project's since.
  return known.project === granted.project ? known : null
}

/** Promised and not in its volume's record here: whoever has seen the volume's end knows better. */
function snapshotInRegister(peer: Peer, { snapshot }: Searching, contents: LedgerContents): Snapshot | null {
  const binding = contents.bound.find((one) => one.snapshot !== null && one.snapshot.id === snapshot)
  if (binding === undefined || snapshot === null || isBuried(peer, binding.host, binding.volume)) return null
  const volume = peer.view.volumes.get(binding.volume)?.volume
  if (volume !== undefined && volume.project !== binding.snapshot?.project) return null
  return (volume === undefined ? null : snapshotOf(volume, snapshot)) ?? grantedSnapshot(binding)
}

function found(peer: Peer, out: Out, name: string, search: Searching, volume: Volume): Found | null {
  forget(peer, out, name)
  if (search.purpose.kind === 'operate') return { search, volume }
  const snapshot = search.snapshot === null ? null : snapshotOf(volume, search.snapshot)
  if (snapshot !== null) return foundSnapshot(peer, out, name, search, snapshot)
  reply(out, search.purpose.client, { kind: 'find', result: success(volume) })
  return null
}

function foundSnapshot(peer: Peer, out: Out, name: string, { purpose }: Searching, snapshot: Snapshot): null {
  forget(peer, out, name)
  if (purpose.kind === 'reply') reply(out, purpose.client, { kind: 'find-snapshot', result: success(snapshot) })
  return null
}

function giveUp(peer: Peer, out: Out, name: string, facts: Failure): null {
  const search = peer.searching.get(name)
  forget(peer, out, name)
  if (search === undefined) return null
  const { purpose } = search
  if (purpose.kind === 'operate') reply(out, purpose.client, { kind: 'operate', result: failure(facts) })
  else if (search.snapshot !== null) reply(out, purpose.client, { kind: 'find-snapshot', result: failure(facts) })
  else reply(out, purpose.client, { kind: 'find', result: failure(facts) })
  return null
}

function forget(peer: Peer, out: Out, name: string): void {
  peer.searching.delete(name)
  cancel(out, `search/${name}`)
}
