/**
 * Takes registers over: from the former group after a change of the voters, or from the other members after this one has
 * lost its votes. A member answers for a register only once that is done.
 *
 * After a change: each member of the former group is asked for what it accepted, and refuses from then on (durably)
 * every ballot of its own voting epoch: it is sealed. A majority of sealed members holds whatever was decided there, and
 * every ballot of the new epoch outranks what they hold, so that whatever the new group decides stands on it.
 * After a loss: a majority of the other members is asked, and the promise taken over is the highest that any of them gave,
 * so that this member cannot take back what it had promised before.
 */
import { cellEntries, cellOf } from '../../model/cell.ts'
import type { PeerId, ProjectId } from '../../model/ids.ts'
import type { Ballot } from '../../model/ballot.ts'
import type { PeerMessage } from '../../model/message.ts'
import { newAcceptor } from '../../register/acceptor.ts'
import { newestOf } from '../../register/memory.ts'
import { groupSize, majorityOf } from '../../register/home-group.ts'
import { cellKey, registerKey } from '../keys.ts'
import { journalDrop, journalPut, journalRegister, note, type Out, send, timer } from '../out.ts'
import { acceptorOf, type Peer } from '../tables.ts'
import type { Installing } from './installing.ts'
import { formerMembersOf, membersOf } from './members.ts'

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>

/** True if this member may vote on the register by the manifest that holds. */
export function isInstalled(peer: Peer, project: ProjectId): boolean {
  const acceptor = peer.acceptors.get(project)
  const { epoch, former } = peer.options.manifest.voting
  if (acceptor === undefined) return former === null && !peer.isLost
  // A step that is done has put every register on a majority; whoever missed it is behind, and nothing worse.
  return acceptor.group === epoch || former === null
}

/** Begins to take the register over, unless that is under way. */
export function install(peer: Peer, out: Out, project: ProjectId): void {
  if (peer.state === 'recovering' || isInstalled(peer, project) || peer.installing.has(project)) return
  if (!membersOf(peer, project).includes(peer.self)) return
  const installing = sourcesOf(peer, project)
  peer.installing.set(project, installing)
  if (installing.from.length === 0) return finish(peer, out, project, installing)
  ask(peer, out, project)
}

/** Whom to ask: the former group, or, for a member that has lost what it knew, the others of its own. */
function sourcesOf(peer: Peer, project: ProjectId): Installing {
  const former = formerMembersOf(peer, project)
  const hasMemory = !peer.isLost || peer.acceptors.has(project)
  const others = membersOf(peer, project).filter((member) => member !== peer.self)
  const seal = former !== null && (hasMemory || others.length === 0)
  const from = seal ? (former ?? []).filter((member) => member !== peer.self || hasMemory) : others
  return { group: peer.options.manifest.voting.epoch, from, needed: majorityOf(from.length), seal, answers: new Map() }
}

export function onInstallTimer(peer: Peer, out: Out, project: ProjectId): void {
  if (peer.installing.has(project)) ask(peer, out, project)
}

/** Another member takes the register over: it gets what is here, and with `seal` this member's epoch is at its end. */
export function onFetch(peer: Peer, out: Out, from: PeerId, { project, group, seal, life }: Message<'fetch'>): void {
  const { voting } = peer.options.manifest
  if (group !== voting.epoch || peer.state === 'recovering') return
  const former = formerMembersOf(peer, project)
  // A sealed member of the former group, or a full member of the present one.
  if (!seal) install(peer, out, project)
  const isSource = seal ? former?.includes(peer.self) === true : isInstalled(peer, project) && membersOf(peer, project).includes(peer.self)
  const hasMemory = peer.acceptors.has(project) || !peer.isLost
  if (!isSource || !hasMemory) return
  if (seal) sealRegister(peer, out, project, group)
  else outlive(peer, out, project, from, life)
  const { promised, accepted, cell, lives } = peer.acceptors.get(project) ?? newAcceptor(group)
  send(out, from, { kind: 'fetched', project, group, seal, life, promised, accepted, value: cellEntries(cell), lives: [...lives] })
}

export function onFetched(peer: Peer, out: Out, from: PeerId, message: Message<'fetched'>): void {
  const { project, life } = message
  // What was asked in a life before may be older than what others remember now.
  if (life !== peer.epoch) return
  const installing = peer.installing.get(project)
  if (installing === undefined || installing.group !== message.group || installing.seal !== message.seal || !installing.from.includes(from))
    return
  installing.answers.set(from, message)
  if (installing.answers.size >= installing.needed) finish(peer, out, project, installing)
}

/** Members of the present group are told, again and again, of every register that has not moved yet. */
export function pushRegisters(peer: Peer, out: Out): void {
  const { epoch } = peer.options.manifest.voting
  if (pendingRegisters(peer) === 0) return
  timer(out, 'push', peer.options.timings.recallMs)
  for (const project of peer.acceptors.keys()) {
    if (!isToMove(peer, project)) continue
    const known = peer.installed.get(project)
    for (const member of membersOf(peer, project))
      if (known?.has(member) !== true) send(out, member, { kind: 'install', project, group: epoch })
  }
}

export function onInstall(peer: Peer, out: Out, from: PeerId, { project, group }: Message<'install'>): void {
  if (group !== peer.options.manifest.voting.epoch) return
  if (peer.acceptors.get(project)?.group === group) send(out, from, { kind: 'installed', project, group })
  else install(peer, out, project)
}

export function onInstalled(peer: Peer, from: PeerId, { project, group }: Message<'installed'>): void {
  if (group !== peer.options.manifest.voting.epoch || !membersOf(peer, project).includes(from)) return
  const members = peer.installed.get(project) ?? new Set()
  peer.installed.set(project, members.add(from))
}

/** Registers of the former group that this member held and that are not on a majority of the present one yet. */
export function pendingRegisters(peer: Peer): number {
  const { former } = peer.options.manifest.voting
  if (former === null || !former.includes(peer.self)) return 0
  const open = [...peer.acceptors.keys()].filter((project) => isToMove(peer, project)).length
  // One that has lost its votes cannot say that it held nothing. Where a register lay on it alone, nobody can.
  return peer.isLost && groupSize(former.length) > 1 ? Math.max(1, open) : open
}

/** The manifest has changed: votes of another group are void, and the registers of this member begin to move. */
export function onVotingChanged(peer: Peer, out: Out): void {
  peer.installing.clear()
  peer.installed.clear()
  if (peer.options.manifest.voting.former !== null) return pushRegisters(peer, out)
  // The step is done: what this host kept for groups that it has left is of no use any more.
  for (const project of [...peer.acceptors.keys()]) if (!membersOf(peer, project).includes(peer.self)) dropRegister(peer, out, project)
}

/** This host's votes are not to be trusted: every register is read from the others before it is voted on again. */
export function forgetVotes(peer: Peer, out: Out): readonly ProjectId[] {
  peer.isLost = true
  const projects = [...peer.acceptors.keys()]
  for (const project of projects) dropRegister(peer, out, project)
  return projects
}

function ask(peer: Peer, out: Out, project: ProjectId): void {
  const installing = peer.installing.get(project)
  if (installing === undefined) return
  const { from, group, seal, answers } = installing
  timer(out, `install/${project}`, peer.options.timings.recallMs)
  for (const member of from) if (!answers.has(member)) send(out, member, { kind: 'fetch', project, group, seal, life: peer.epoch })
}

function finish(peer: Peer, out: Out, project: ProjectId, { group, answers }: Installing): void {
  peer.installing.delete(project)
  const { promised, accepted, value, lives } = newestOf([...answers.values()])
  const kept = new Set(value.map(([key]) => key))
  const before = peer.acceptors.get(project)
  if (before !== undefined) for (const [key] of cellEntries(before.cell)) if (!kept.has(key)) journalDrop(out, cellKey(project, key))
  const known = new Map(lives.filter(([member]) => member !== peer.self))
  const acceptor = { group, promised, accepted, cell: cellOf(value), lives: known }
  peer.acceptors.set(project, acceptor)
  journalRegister(out, project, acceptor)
  for (const [key, entry] of value) journalPut(out, cellKey(project, key), entry)
  note(out, 'info', 'register-installed', { project, group })
  for (const member of formerMembersOf(peer, project) ?? []) send(out, member, { kind: 'installed', project, group })
  // A register that nobody had asked for before the step has to move like every other.
  pushRegisters(peer, out)
}

/** From here on no ballot of an earlier voting epoch is promised or accepted. */
function sealRegister(peer: Peer, out: Out, project: ProjectId, group: number): void {
  const acceptor = peer.acceptors.get(project)
  const sealed: Ballot = { group, counter: 0, peer: peer.self, epoch: 0 }
  if (acceptor === undefined || (acceptor.promised !== null && acceptor.promised.group >= group)) return
  acceptor.promised = sealed
  journalRegister(out, project, acceptor)
}

/** From here on this member votes for nothing that counts a vote of the other's former lives. */
function outlive(peer: Peer, out: Out, project: ProjectId, member: PeerId, life: number): void {
  const acceptor = acceptorOf(peer, project)
  if (life <= (acceptor.lives.get(member) ?? 0)) return
  acceptor.lives.set(member, life)
  journalRegister(out, project, acceptor)
}

/** True if this member had the register in the former group, and too few of the present one have it. */
function isToMove(peer: Peer, project: ProjectId): boolean {
  return formerMembersOf(peer, project)?.includes(peer.self) === true && !hasMoved(peer, project)
}

function hasMoved(peer: Peer, project: ProjectId): boolean {
  return (peer.installed.get(project)?.size ?? 0) >= majorityOf(membersOf(peer, project).length)
}

function dropRegister(peer: Peer, out: Out, project: ProjectId): void {
  const acceptor = peer.acceptors.get(project)
  if (acceptor === undefined) return
  peer.acceptors.delete(project)
  journalDrop(out, registerKey(project))
  for (const [key] of cellEntries(acceptor.cell)) journalDrop(out, cellKey(project, key))
}
