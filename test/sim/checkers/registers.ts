/**
 * What a majority of a project's home group has on its disks, and that it never goes back on it (I5, I7).
 *
 * Reads acceptors' journals only. A value is chosen when a majority has stored its ballot, each at some time (one that syncs
 * slowly may do so after another has gone on to the next ballot); from then on each decided request keeps its decision, what was closed stays closed, and use stays within the limits.
 */
import type { GroupMember, SnapshotMember } from '../../../lib/model/group.ts'
import type { ProjectId, RequestId, SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type { Binding, LedgerEntry, Recent, Unplaced } from '../../../lib/model/ledger.ts'
import { type Ballot, compareBallots } from '../../../lib/model/ballot.ts'
import { groupSize, majorityOf } from '../../../lib/register/home-group.ts'
import { addUsage, NO_USAGE, type Usage } from '../../../lib/model/quota.ts'
import { loosest } from '../default-limits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { exceeds } from './account.ts'
import type { Checker, Scene } from './checker.ts'
import { acceptedIn, ballotText, isVoteIn, cellKeyParts, entryIn, registerProject } from './stored.ts'

export type Decision = Binding | Unplaced | Recent

interface Member {
  ballot: Ballot | null
  isVote: boolean
  readonly entries: Map<string, LedgerEntry>
}

interface Register {
  readonly members: Map<string, Member>
  /** Who ever stored a ballot; those below the newest chosen one are forgotten. */
  readonly stored: Map<string, { readonly ballot: Ballot; readonly members: Set<string> }>
  /** Ballot of the newest chosen value. */
  chosen: Ballot | null
  chosenEntries: ReadonlyMap<string, LedgerEntry>
  readonly decisions: Map<RequestId, Decision>
}

export class RegisterChecker implements Checker {
  readonly #scene: Scene
  readonly #registers = new Map<ProjectId, Register>()
  readonly #byVolume = new Map<VolumeId, RequestId>()
  readonly #intended = new Set<VolumeId>()
  readonly #snapshots = new Set<SnapshotId>()
  /** Registers whose members wrote something in this event. */
  readonly #touched = new Set<ProjectId>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  onDurable(node: SimNode, key: string, after: unknown): void {
    if (key.startsWith('cell/')) {
      const { project, entry } = cellKeyParts(key)
      const value = entryIn(after)
      const { entries } = this.#member(project, node)
      if (value === null) entries.delete(entry)
      else entries.set(entry, value)
      this.#touched.add(project)
    } else if (key.startsWith('register/')) {
      const project = registerProject(key)
      // One sync may bring several batches, and each starts with this key: what the one before it stored is whole by now.
      if (this.#touched.has(project)) this.#choose(project)
      const member = this.#member(project, node)
      member.ballot = acceptedIn(after)
      member.isVote = isVoteIn(after)
      this.#touched.add(project)
    }
  }

  /** The batch is whole by now. */
  afterEach(): void {
    this.settle()
  }

  /** Takes in what was written up to now. */
  settle(): void {
    if (this.#touched.size === 0) return
    for (const project of this.#touched) this.#choose(project)
    this.#touched.clear()
  }

  /** Whether a majority ever had a delete of this volume for its owner to do. */
  wasIntended(volume: VolumeId): boolean {
    this.settle()
    return this.#intended.has(volume)
  }

  /** Whether a majority ever granted the room for this snapshot. */
  wasGranted(snapshot: SnapshotId): boolean {
    this.settle()
    return this.#snapshots.has(snapshot)
  }

  decisionOf(project: ProjectId, rid: RequestId): Decision | null {
    this.settle()
    return this.#registers.get(project)?.decisions.get(rid) ?? null
  }

  decisionOfVolume(volume: VolumeId): Decision | null {
    this.settle()
    const rid = this.#byVolume.get(volume)
    if (rid === undefined) return null
    for (const { decisions } of this.#registers.values()) {
      const decision = decisions.get(rid)
      if (decision !== undefined) return decision
    }
    return null
  }

  chosen(project: ProjectId): ReadonlyMap<string, LedgerEntry> {
    return this.#registers.get(project)?.chosenEntries ?? new Map()
  }

  projects(): readonly ProjectId[] {
    return [...this.#registers.keys()]
  }

  #choose(project: ProjectId): void {
    const register = this.#register(project)
    for (const [name, { ballot, isVote, entries }] of register.members) {
      if (ballot === null || !isVote || isAtMost(ballot, register.chosen)) continue
      const members = storedBy(register, ballot)
      members.add(name)
      const majority = majorityOf(groupSize(this.#scene.operator.votersIn(ballot.group).length))
      if (members.size < majority) continue
      register.chosen = ballot
      register.chosenEntries = new Map(entries)
      for (const [key, old] of register.stored) if (isAtMost(old.ballot, ballot)) register.stored.delete(key)
      this.#check(project, register)
    }
  }

  #check(project: ProjectId, { chosenEntries, decisions }: Register): void {
    const now = new Map<RequestId, Decision>()
    let used = NO_USAGE
    for (const entry of chosenEntries.values()) {
      used = addUsage(used, usageOf(entry))
      // One that is taken in the round that buries its host is gone at once.
      if (entry.kind === 'intent' || entry.kind === 'gone') this.#intended.add(entry.volume)
      if (entry.kind !== 'bound' && entry.kind !== 'unplaced' && entry.kind !== 'recent') continue
      if (now.has(entry.rid)) throw new Violation('I5', 'a request has two decisions in one register', { project, rid: entry.rid })
      now.set(entry.rid, entry)
      this.#name(entry)
    }
    for (const [rid, before] of decisions) checkSame(project, before, now.get(rid))
    for (const [rid, decision] of now) {
      decisions.set(rid, decision)
      const { host, reservation } = decision.kind === 'unplaced' ? { host: null, reservation: null } : decision
      if (host !== null && chosenEntries.has(`closed/${rid}/${host}/${reservation}`)) {
        throw new Violation('I5', 'a request is bound to a reservation that was closed', { project, rid, host, reservation })
      }
    }
    this.#checkLimits(project, used)
  }

  /** What the decision was about, to find it by. */
  #name(decision: Decision): void {
    if (decision.kind === 'unplaced') this.#byVolume.set(decision.spec.id, decision.rid)
    else {
      for (const { id } of membersIn(decision)) this.#byVolume.set(id, decision.rid)
      for (const { snapshot } of partsIn(decision)) this.#snapshots.add(snapshot)
      if (partsIn(decision).length > 0) return
      const snapshot = snapshotOf(decision)
      if (snapshot === null) this.#byVolume.set(decision.volume, decision.rid)
      else this.#snapshots.add(snapshot)
    }
  }

  #checkLimits(project: ProjectId, used: Usage): void {
    const limits = loosest(this.#scene.options.limits, this.#scene.history.defaultLimits)
    if (exceeds(used, limits))
      throw new Violation('I7', 'a register has granted more than the limits', { project, used, limits: [...limits] })
  }

  #register(project: ProjectId): Register {
    const known = this.#registers.get(project)
    if (known !== undefined) return known
    const register: Register = { members: new Map(), stored: new Map(), chosen: null, chosenEntries: new Map(), decisions: new Map() }
    this.#registers.set(project, register)
    return register
  }

  #member(project: ProjectId, node: SimNode): Member {
    const { members } = this.#register(project)
    const known = members.get(node.id)
    if (known !== undefined) return known
    const member: Member = { ballot: null, isVote: false, entries: new Map() }
    members.set(node.id, member)
    return member
  }
}

function isAtMost(ballot: Ballot, limit: Ballot | null): boolean {
  return limit !== null && compareBallots(ballot, limit) <= 0
}

function storedBy({ stored }: Register, ballot: Ballot): Set<string> {
  const key = ballotText(ballot)
  const known = stored.get(key) ?? { ballot, members: new Set() }
  stored.set(key, known)
  return known.members
}

function usageOf(entry: LedgerEntry): Usage {
  switch (entry.kind) {
    case 'bound':
    case 'unplaced':
      return entry.delta
    case 'host':
      return entry.usage
    default:
      return NO_USAGE
  }
}

function checkSame(project: ProjectId, before: Decision, after: Decision | undefined): void {
  const facts = { project, before, after }
  if (after === undefined) throw new Violation('I5', 'a decision is gone from its register', facts)
  if (before.bodyHash !== after.bodyHash) throw new Violation('I5', 'a decision changed its body', facts)
  const hostOf = (decision: Decision): string => (decision.kind === 'unplaced' ? 'none' : `${decision.host}/${decision.reservation}`)
  const isDelete = before.kind === 'unplaced' && after.kind === 'recent' && after.host === null
  if (hostOf(before) !== hostOf(after) && !isDelete) throw new Violation('I5', 'a request was decided anew', facts)
  if (before.kind === 'recent' && after.kind !== 'recent') throw new Violation('I5', 'a request that had ended is open again', facts)
}

/** Volumes that a group begins with. */
function membersIn(entry: Binding | Recent): readonly GroupMember[] {
  return entry.kind === 'bound' ? (entry.spec?.holds?.members ?? []) : []
}

/** Snapshots that a group snapshot is made of. */
function partsIn(entry: Binding | Recent): readonly SnapshotMember[] {
  return entry.kind === 'bound' ? (entry.groupSnapshot?.members ?? []) : []
}

function snapshotOf(entry: Binding | Recent): SnapshotId | null {
  return entry.kind === 'recent' ? entry.snapshot : (entry.snapshot?.id ?? null)
}
