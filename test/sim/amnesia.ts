/**
 * A host whose journal is gone, or is put back from an old copy, while its volumes lie there as they were.
 *
 * What can be promised then needs a majority that remembers: the others are up and can be reached until the host takes
 * part again, nothing that it had said is known to nobody, and one host forgets at a time.
 */
import { registerKey } from '../../lib/flows/keys.ts'
import { comparePositions } from '../../lib/model/log.ts'
import { isAbove } from '../../lib/model/ballot.ts'
import { votersOf } from '../../lib/model/manifest.ts'
import { acceptedIn, hostIn } from './checkers/stored.ts'
import type { Hits } from './hits.ts'
import type { JournalCopy } from './disk.ts'
import type { Nemesis } from './nemesis.ts'
import type { Network } from './network.ts'
import type { Operator } from './operator.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import type { RareNemesis } from './rare-nemesis.ts'
import type { World } from './world.ts'

const POLL_MS = 40
const PATIENCE_MS = 20_000

export class Amnesia {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #nodes: readonly SimNode[]
  readonly #network: Network
  readonly #nemesis: Nemesis
  readonly #rareNemesis: RareNemesis
  readonly #operator: Operator
  isOver = false

  constructor(options: {
    world: World
    random: Random
    hits: Hits
    nodes: readonly SimNode[]
    network: Network
    nemesis: Nemesis
    rareNemesis: RareNemesis
    operator: Operator
  }) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#nodes = options.nodes
    this.#network = options.network
    this.#nemesis = options.nemesis
    this.#rareNemesis = options.rareNemesis
    this.#operator = options.operator
  }

  get #members(): readonly SimNode[] {
    return this.#nodes.filter(({ isOut }) => !isOut)
  }

  /** Strikes once, some time before `untilMs` from now. */
  start(untilMs: number): void {
    this.#world.schedule(this.#random.between(1000, untilMs), () => {
      if (this.isOver) return
      this.#lull(true)
      const victim = this.#random.pick(this.#members)
      this.#when(
        () => !victim.isOut && !this.#operator.isStepping && this.#members.every((node) => isReady(node) && isRemembered(node)),
        () => this.#strike(victim),
      )
    })
  }

  #strike(victim: SimNode): void {
    if (this.#random.chance(0.5))
      return this.#when(
        () => this.#isKnown(victim),
        () => this.#forget(victim, null),
      )
    const copy = victim.journal.copy()
    this.#world.schedule(this.#random.between(50, 4000), () => {
      if (this.isOver) return
      this.#when(
        () => this.#members.every(isReady) && this.#isKnown(victim),
        () => (this.#isNoticed(victim, copy) ? this.#forget(victim, copy) : this.#lull(false)),
      )
    })
  }

  #forget(victim: SimNode, copy: JournalCopy | null): void {
    this.#hits.add(copy === null ? 'journal: deleted' : 'journal: restored from a copy')
    this.#world.trace.add(this.#world.nowMs, victim.name, 'FORGETS', { copy: copy === null ? 'none' : 'old' })
    victim.crash('its journal was taken away')
    victim.isAmnesic = true
    victim.hasForgotten = true
    victim.journal.putBack(copy)
    victim.start()
    this.#when(
      () => isReady(victim) && victim.isIdle,
      () => {
        victim.isAmnesic = false
        this.#lull(false)
      },
    )
  }

  /** Whatever this host has on its disk of its own log, everybody has. */
  #isKnown(victim: SimNode): boolean {
    const mine = victim.peer?.log
    return (
      mine !== undefined && victim.isIdle && this.#members.every(({ peer }) => peer?.view.logs.get(victim.id)?.head?.chain === mine.chain)
    )
  }

  /** Somebody can tell that the copy is old; a vote that nobody has counted cannot be missed by anybody (decision 0012). */
  #isNoticed(victim: SimNode, copy: JournalCopy): boolean {
    const log = hostIn(copy.get('host')?.value).log
    for (const { peer } of this.#members) {
      if (peer === null || peer.self === victim.id) continue
      if (comparePositions(peer.view.logs.get(victim.id)?.head ?? log, log) > 0) return true
      for (const [project, { votesSeen }] of peer.proposers) {
        const seen = votesSeen.get(victim.id)
        if (seen !== undefined && isAbove(seen.accepted, acceptedIn(copy.get(registerKey(project))?.value))) return true
      }
    }
    return false
  }

  #lull(isLull: boolean): void {
    this.#nemesis.pause(isLull)
    this.#rareNemesis.pause(isLull)
    this.#operator.pause(isLull)
    this.#network.lull(isLull)
    for (const node of this.#nodes) {
      node.setLull(isLull)
      if (isLull) node.start()
    }
  }

  /** Waits for it; if it does not come about, the troubles go on without this one. */
  #when(isSo: () => boolean, then: () => void, untilMs = this.#world.nowMs + PATIENCE_MS): void {
    if (isSo()) return then()
    this.#world.schedule(POLL_MS, () => {
      if (this.isOver || this.#world.nowMs > untilMs) {
        for (const node of this.#nodes) node.isAmnesic = false
        this.#lull(false)
      } else this.#when(isSo, then, untilMs)
    })
  }
}

/** A register that lies on one host alone is forgotten with it. */
function isRemembered({ peer }: SimNode): boolean {
  const manifest = peer?.options.manifest
  return manifest !== undefined && Math.min(votersOf(manifest).length, manifest.voting.former?.length ?? 3) >= 3
}

function isReady({ peer }: SimNode): boolean {
  return peer?.state === 'ready'
}
