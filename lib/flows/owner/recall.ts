/**
 * Before a host writes or votes again it asks what it used to know: the beginning of every start.
 *
 * A journal may have been restored from a backup, or be gone. A majority of the manifest's hosts says how far it knows
 * this host's log, and which of its votes it has seen; if any of them is ahead, this host has forgotten something. It
 * then takes its own records from the others, gives its votes up (each register is read from the others before it votes
 * there again), and goes on under an epoch that nobody has seen. A cluster of one or two goes on alone after a while.
 */
import type { PeerId, ProjectId } from '../../model/ids.ts'
import { comparePositions, type LogHead } from '../../model/log.ts'
import { isAbove } from '../../model/ballot.ts'
import type { PeerMessage, SeenVote } from '../../model/message.ts'
import { majorityOf } from '../../register/home-group.ts'
import type { FoundHere } from '../step.ts'
import { newOwnerLog, type OwnerLog, takeDelta } from '../../replica/log.ts'
import { headOf, logOf } from '../../replica/view.ts'
import { formerMembersOf, membersOf } from '../group/members.ts'
import { cancel, freshName, note, type Out, send, timer } from '../out.ts'
import { askForLog, isSigned } from '../spread/exchange.ts'
import type { Peer } from '../tables.ts'
import type { Recovery } from './recovery.ts'

/** In a cluster of more the others decide; with two, nobody may be left to ask. */
const ALONE_HOSTS_MAX = 2

/** What the others know of this host, and what lies on it. */
export interface KnownAtStart {
  readonly found: FoundHere
  /** This host's own log, as far as anybody has it. */
  readonly own: OwnerLog
  /** Somebody knows more of this host than its own journal. */
  readonly hasForgotten: boolean
  /** Higher than any that this host ever used. */
  readonly epoch: number
  /** Registers that hold something for this host to see to, or may. */
  readonly projects: ReadonlySet<ProjectId>
  /** Registers that hold this host's totals. */
  readonly totals: ReadonlySet<ProjectId>
}

export function startRecall(peer: Peer, out: Out): void {
  const { head, records } = logOf(peer.view, peer.self)
  const own = { ...newOwnerLog(), head, records: new Map(records) }
  peer.recovery = { ref: freshName(peer), answers: new Map(), own, found: null, isAlone: false, isLate: false }
  timer(out, 'late', peer.options.timings.recallMs)
  timer(out, 'alone', peer.options.timings.aloneMs)
  askAll(peer, out, peer.recovery)
}

/** Some have not answered, or not sent what they said they have. */
export function onRecallTimer(peer: Peer, out: Out): void {
  if (peer.recovery !== null) askAll(peer, out, peer.recovery)
}

/** A peer has come up: it may be the one that is waited for. */
export function recallFrom(peer: Peer, out: Out, other: PeerId): void {
  if (peer.recovery !== null) send(out, other, { kind: 'recall', ref: peer.recovery.ref })
}

/** Those who have not answered by now are not waited for, if a majority has: they may be away for long. */
export function onLate(peer: Peer): void {
  if (peer.recovery !== null) peer.recovery.isLate = true
}

export function onAlone(peer: Peer, out: Out): void {
  const { recovery } = peer
  if (recovery === null || otherHosts(peer).length >= ALONE_HOSTS_MAX) return
  recovery.isAlone = true
  if (recovery.answers.size === 0 && otherHosts(peer).length > 0) note(out, 'warn', 'recovered-alone', { hosts: ALONE_HOSTS_MAX })
}

/** Another host starts: what this one knows of it. */
export function onRecall(peer: Peer, out: Out, from: PeerId, ref: string): void {
  const votes: SeenVote[] = []
  for (const [project, { votesSeen }] of peer.proposers) {
    const seen = votesSeen.get(from)
    if (seen !== undefined) votes.push({ project, ...seen })
  }
  // It asks others to accept under its own ballot only when its own promise for it is on its disk.
  for (const [project, { accepted }] of peer.acceptors)
    if (accepted?.peer === from) votes.push({ project, promised: accepted, accepted: null })
  const head = peer.view.logs.get(from)?.head ?? null
  send(out, from, { kind: 'recalled', ref, head, votes, ...registersOf(peer, from), isLost: peer.isLost, life: lifeOf(peer, from) })
}

export function onRecalled(peer: Peer, out: Out, from: PeerId, message: Extract<PeerMessage, { kind: 'recalled' }>): void {
  const { recovery } = peer
  if (recovery === null || recovery.ref !== message.ref) return
  const head = message.head !== null && message.head.owner === peer.self && isSigned(peer, message.head) ? message.head : null
  const { votes, projects, totals, isLost, life } = message
  recovery.answers.set(from, { head, votes, projects, totals, isLost, life })
  if (head !== null && isBeyond(recovery, head)) askForOwn(peer, out, recovery, from)
}

/** A part of this host's own log, as another one holds it. */
export function onOwnDelta(peer: Peer, out: Out, from: PeerId, delta: Extract<PeerMessage, { kind: 'delta' }>): void {
  const { recovery } = peer
  if (recovery === null) {
    const isLater = comparePositions(delta.head, peer.log) > 0 && isSigned(peer, delta.head)
    if (isLater) note(out, 'error', 'own-log-elsewhere', { from, theirs: positionIn(delta.head), ours: positionIn(peer.log) })
    return
  }
  const taken = takeDelta(recovery.own, delta, (head) => isSigned(peer, head))
  if (taken.kind === 'gap' || (taken.kind === 'staged' && delta.more) || (taken.kind === 'refused' && taken.why === 'digest')) {
    askForOwn(peer, out, recovery, from)
  }
}

/** What is known once enough have answered, all that they have of this host is here, and it is listed what lies on it. */
export function endRecall(peer: Peer, out: Out): KnownAtStart | null {
  const { recovery } = peer
  if (recovery === null || recovery.found === null || !hasEnough(peer, recovery)) return null
  for (const { head } of recovery.answers.values()) if (head !== null && isBeyond(recovery, head)) return null
  cancel(out, 'recall')
  cancel(out, 'alone')
  peer.recovery = null
  return {
    found: recovery.found,
    own: recovery.own,
    hasForgotten: hasForgotten(peer, recovery),
    epoch: epochOf(peer, recovery),
    projects: projectsOf(peer, recovery),
    totals: new Set([...recovery.answers.values()].flatMap(({ totals }) => totals)),
  }
}

function askAll(peer: Peer, out: Out, recovery: Recovery): void {
  timer(out, 'recall', peer.options.timings.recallMs)
  for (const other of otherHosts(peer)) {
    const answer = recovery.answers.get(other)
    if (answer === undefined) send(out, other, { kind: 'recall', ref: recovery.ref })
    else if (answer.head !== null && isBeyond(recovery, answer.head)) askForOwn(peer, out, recovery, other)
  }
}

function askForOwn(peer: Peer, out: Out, { own }: Recovery, to: PeerId): void {
  askForLog(out, to, peer.self, own)
}

/** This host counts itself as long as it has a memory. Others that have lost theirs say nothing by saying nothing. */
function hasEnough(peer: Peer, { answers, isAlone, isLate }: Recovery): boolean {
  const others = otherHosts(peer)
  if (isAlone || others.every((other) => answers.has(other))) return true
  // More answers know more: a vote that was lost is known to whoever counted it.
  if (!isLate) return false
  const answered = [...answers.values()].filter(({ isLost, head }) => !isLost || head !== null).length
  const majority = majorityOf(others.length + 1)
  return peer.isBlank ? answered >= Math.min(majority, others.length) : answered + 1 >= majority
}

function hasForgotten(peer: Peer, { answers, own }: Recovery): boolean {
  if (comparePositions(own.head ?? { epoch: 0, seq: 0 }, headOf(peer.view, peer.self)) > 0) return true
  for (const { votes } of answers.values()) {
    for (const { project, promised, accepted } of votes) {
      const known = peer.acceptors.get(project)
      // Votes in a group that is no more, or that this host has left, are not kept.
      const { epoch } = peer.options.manifest.voting
      if ((promised ?? accepted)?.group !== epoch || !membersOf(peer, project).includes(peer.self)) continue
      if (isAbove(promised, known?.promised ?? null) || isAbove(accepted, known?.accepted ?? null)) return true
    }
  }
  return false
}

function epochOf(peer: Peer, { answers, own }: Recovery): number {
  return Math.max(peer.epoch, own.head?.epoch ?? 0, ...[...answers.values()].flatMap(({ head, life }) => [head?.epoch ?? 0, life])) + 1
}

/** It may have voted before its log told of that life. */
function lifeOf(peer: Peer, host: PeerId): number {
  const known = [...peer.acceptors.values(), ...peer.proposers.values()].map(({ lives }) => lives.get(host) ?? 0)
  return known.reduce((latest, life) => Math.max(latest, life), 0)
}

/**
 * Registers to read: those that an answer named, and those of this host's own projects of which too few members have
 * answered to know that there is nothing.
 */
function projectsOf(peer: Peer, { answers }: Recovery): ReadonlySet<ProjectId> {
  const projects = new Set([...answers.values()].flatMap((answer) => answer.projects))
  for (const project of registersOf(peer, peer.self).projects) projects.add(project)
  const said = (member: PeerId): boolean => (member === peer.self ? !peer.isLost : answers.get(member)?.isLost === false)
  for (const project of peer.holdings.projects.keys()) {
    const members = formerMembersOf(peer, project) ?? membersOf(peer, project)
    const silent = members.filter((member) => !said(member)).length
    if (silent >= majorityOf(members.length)) projects.add(project)
  }
  return projects
}

/** Registers in which this member holds something that the host must see to, and those that hold its totals. */
function registersOf(peer: Peer, host: PeerId): { readonly projects: readonly ProjectId[]; readonly totals: readonly ProjectId[] } {
  const projects: ProjectId[] = []
  const totals: ProjectId[] = []
  for (const [project, { cell }] of peer.acceptors) {
    if (cell.hosts.has(host)) totals.push(project)
    const isNamed = (entry: { readonly host: PeerId }): boolean => entry.host === host
    if ([...cell.bound.values()].some(isNamed) || [...cell.intents.values()].some(isNamed)) projects.push(project)
  }
  return { projects, totals }
}

function isBeyond({ own }: Recovery, head: LogHead): boolean {
  return comparePositions(head, own.head ?? { epoch: 0, seq: 0 }) > 0
}

function otherHosts(peer: Peer): readonly PeerId[] {
  return peer.options.manifest.hosts.filter((host) => host.peer !== peer.self && host.state !== 'lost').map((host) => host.peer)
}

const positionIn = ({ epoch, seq }: { readonly epoch: number; readonly seq: number }): string => `${epoch}.${seq}`
