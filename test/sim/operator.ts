/**
 * The operator, who changes who belongs to the cluster and who keeps its registers: one step at a time, and the next only
 * when the last is done.
 *
 * A new manifest reaches one host; the others hear of it from whoever they hear from, as agents do. What an operator's tool
 * looks at before it calls a step done, or lets a host go, is what the hosts say in their beats.
 */
import { pendingRegisters } from '../../lib/flows/group/install.ts'
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import { hasLeft, hostOf, type Manifest, votersOf } from '../../lib/model/manifest.ts'
import { joining, stepDone } from '../../lib/model/manifest-steps.ts'
import { canSpare, type Going, nextOfLeaving, nextOfLosing } from '../../lib/register/going.ts'
import { comparePositions, type LogHead } from '../../lib/model/log.ts'
import { isToldAgain } from './checkers/stored.ts'
import type { Hits } from './hits.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const LOOK_MS = 1000

/** In one history: more would say nothing new, and leave no cluster to speak of. */
const HOSTS_TO_LOSE_ONE = 3
const LOSSES_MAX = 1
const NEWCOMERS_MAX = 2

export interface OperatorOptions {
  readonly world: World
  readonly random: Random
  readonly hits: Hits
  /** Grows when a host joins. */
  readonly nodes: readonly SimNode[]
  readonly manifest: Manifest
  /** Hosts come and go for good, and not their votes alone. */
  readonly isMoving: boolean
  /** A host with an empty journal, which begins with this manifest. */
  readonly join: (peer: PeerId, manifest: Manifest) => SimNode
}

export class Operator {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #options: OperatorOptions
  /** Every manifest that was ever signed, the newest last. */
  readonly manifests: Manifest[]
  #isOver = false
  #isPaused = false
  #losses = 0
  #newcomers = 0

  constructor(options: OperatorOptions) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#options = options
    this.manifests = [options.manifest]
  }

  get manifest(): Manifest {
    return this.manifests.at(-1) ?? this.#missing()
  }

  /** Hosts that are no members any more were never heard of again, or should not be. */
  get #nodes(): readonly SimNode[] {
    return this.#options.nodes.filter(({ isOut }) => !isOut)
  }

  /** Steps now and then; `looks` alone when no step is to be begun any more. */
  start(meanMs: number): void {
    this.#world.schedule(this.#random.between(500, 2 * meanMs), () => {
      if (this.#isOver) return
      if (!this.#isPaused) this.#act()
      this.start(meanMs)
    })
    this.watch()
  }

  /** Calls a step done once it is. */
  watch(): void {
    this.#world.schedule(LOOK_MS, () => {
      if (this.manifest.voting.former === null) return
      if (this.#isDone()) this.#sign(stepDone(this.manifest, ''))
      else this.watch()
    })
  }

  /** No new step for a while. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  stop(): void {
    this.#isOver = true
  }

  /** True while registers move. */
  get isStepping(): boolean {
    return this.manifest.voting.former !== null
  }

  /** One host begins or ends to keep registers. */
  step(name?: string): void {
    const { hosts, voting } = this.manifest
    const voters = votersOf(this.manifest)
    const members = hosts.filter(({ state }) => state === 'member')
    const host = name === undefined ? this.#random.pick(members) : hosts.find((one) => one.name === name)
    if (host === undefined || voting.former !== null || (host.voter && voters.length === 1)) return
    this.#hits.add(host.voter ? 'manifest: a host stops voting' : 'manifest: a host begins to vote')
    const changed = hosts.map((one) => (one === host ? { ...one, voter: !one.voter } : one))
    this.#sign({ ...this.manifest, epoch: this.manifest.epoch + 1, hosts: changed, voting: { epoch: voting.epoch + 1, former: voters } })
    this.watch()
  }

  /**
   * A host is taken for lost. `isGone`: it is, and never runs again; else the operator is wrong, and the process that knows
   * nothing of it goes on, or comes back.
   */
  lose(node: SimNode, isGone: boolean): boolean {
    const name = hostOf(this.manifest, node.id)?.name ?? ''
    const next = nextOfLosing(this.manifest, name, '')
    if (next.kind !== 'next') return false
    this.#hits.add(isGone ? 'manifest: a host is lost' : 'manifest: a host is taken for lost')
    node.isOut = true
    if (isGone) node.end('lost for good')
    return this.#go(next)
  }

  /** A host drains, or goes if it says that it is empty. */
  leave(node: SimNode): boolean {
    const name = hostOf(this.manifest, node.id)?.name ?? ''
    const isDraining = hostOf(this.manifest, node.id)?.state === 'draining'
    const next = nextOfLeaving(this.manifest, name, isDrained(this.#nodes, node), '')
    if (next.kind === 'unchanged') this.#hits.add('manifest: a host that holds something does not leave')
    if (next.kind !== 'next') return false
    this.#hits.add(isDraining ? 'manifest: a host leaves' : 'manifest: a host drains')
    if (isDraining) {
      checkEmpty(node)
      node.isOut = true
      node.end('left')
    }
    return this.#go(next)
  }

  /** A host that never ran joins; under the name of one that is lost, if there is one. */
  join(): SimNode | null {
    const peer = peerId(`peer-${'fghij'[this.#newcomers] ?? 'x'}`)
    const lost = this.manifest.hosts.find(({ state }) => state === 'lost')
    const next = joining(this.manifest, { peer, name: lost?.name ?? peer.slice(-1), addrs: [], zone: 'nova' }, '')
    if (!next.ok) return null
    this.#newcomers += 1
    this.#hits.add(lost === undefined ? 'manifest: a host joins' : 'manifest: a host joins under the name of a lost one')
    const node = this.#options.join(peer, next.manifest)
    this.#go({ kind: 'next', manifest: next.manifest })
    node.start()
    return node
  }

  /** How many members of a group had to agree while this voting epoch held, and who could vote. */
  votersIn(group: number): readonly PeerId[] {
    const manifest = this.manifests.find(({ voting }) => voting.epoch === group)
    return manifest === undefined ? [] : votersOf(manifest)
  }

  isLost(peer: PeerId): boolean {
    return hostOf(this.manifest, peer)?.state === 'lost'
  }

  /** A host goes with nothing on it, but for room that it was granted and never heard of. */
  hasLeft(peer: PeerId): boolean {
    return hasLeft(this.manifest, peer)
  }

  /** Whether others have all that this host keeps of the owners. A lost host and the last copy of its log are two disks of a cluster that can spare one. */
  isSpare(node: SimNode): boolean {
    if (this.manifest.hosts.length < HOSTS_TO_LOSE_ONE) return true
    return this.manifest.hosts.every(({ peer }) => {
      const head = node.replica.headOf(peer)
      return head === null || this.#nodes.some((other) => other !== node && !other.isOut && goesAsFar(other.replica.headOf(peer), head))
    })
  }

  #act(): void {
    this.#replay()
    const leaving = this.#nodes.find(({ id }) => hostOf(this.manifest, id)?.state === 'draining')
    if (leaving !== undefined && this.leave(leaving)) return
    if (this.isStepping) return
    if (!this.#options.isMoving || this.#random.chance(0.4)) return this.step()
    const node = this.#random.pick(this.#nodes)
    const what = this.#random.pick(['lose', 'join', 'leave'] as const)
    // Three are left, so that there is a cluster to look at.
    const canGo = this.#nodes.length > 3
    if (what === 'join' && this.#newcomers < NEWCOMERS_MAX) this.join()
    else if (what === 'leave' && canGo && leaving === undefined) this.leave(node)
    else if (
      what === 'lose' &&
      this.#losses < LOSSES_MAX &&
      this.#nodes.length >= HOSTS_TO_LOSE_ONE &&
      this.#isRemembered() &&
      this.lose(node, this.#random.chance(0.6))
    )
      this.#losses += 1
  }

  /** One host that has forgotten its votes and one that is lost are two of a group that can spare one. */
  #isRemembered(): boolean {
    return this.#nodes.every(({ hasForgotten }) => !hasForgotten)
  }

  /** Somebody shows a host a manifest that was signed once and holds no more. */
  #replay(): void {
    const old = this.#random.pick(this.manifests)
    const node = this.#random.pick(this.#nodes)
    const { epoch } = node.manifest
    if (old.epoch >= epoch) return
    this.#hits.add('manifest: an older one is shown')
    node.learn(old)
    if (node.manifest.epoch !== epoch) throw new Violation('I1', 'a manifest went back', { host: node.name, epoch, old: old.epoch })
  }

  #go(next: Extract<Going, { kind: 'next' }>): boolean {
    this.#sign(next.manifest)
    this.watch()
    return true
  }

  #isDone(): boolean {
    const { voting } = this.manifest
    const former = voting.former ?? []
    const hasMoved = ({ peer }: SimNode): boolean => peer?.options.manifest.voting.epoch === voting.epoch && pendingRegisters(peer) === 0
    const moved = this.#nodes.filter((node) => former.includes(node.id) && hasMoved(node)).length
    return canSpare(former, former.length - moved)
  }

  #sign(manifest: Manifest): void {
    this.manifests.push(manifest)
    const { epoch, voting, hosts } = manifest
    this.#world.trace.add(this.#world.nowMs, 'operator', 'signs', {
      epoch,
      voting,
      hosts: hosts.map(({ name, voter, state }) => [name, voter, state]),
    })
    this.#random.pick(this.#nodes).learn(manifest)
  }

  #missing(): never {
    throw new RangeError('an operator begins with a manifest')
  }
}

/** As the host itself says in its last beat, to whichever host the operator asks. */
/** As others have heard it: what it knows itself may not be on its disk yet. */
function isDrained(nodes: readonly SimNode[], { id }: SimNode): boolean {
  return nodes.some((other) => {
    const beat = other.id === id ? undefined : other.peer?.beats.get(id)?.beat
    return beat?.state === 'draining' && beat.held === 0
  })
}

/** After a start without its memory a host tells once more what it told before: no grant waits for that. */
function checkEmpty(node: SimNode): void {
  const held = [...node.journal.keys()].filter(
    (key) => key.startsWith('volume/') || (key.startsWith('settled/') && !isToldAgain(node.journal.get(key))),
  )
  if (held.length > 0) throw new Violation('I6', 'a host left that holds something', { host: node.name, held })
}

function goesAsFar(head: LogHead | null, other: LogHead): boolean {
  return head !== null && comparePositions(head, other) >= 0
}
