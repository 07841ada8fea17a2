/**
 * One whole cluster: hosts, network, clients, initiators, troubles and checkers on one virtual clock.
 *
 * Everything that happens comes out of the seed and the options; checkers see each event and throw at the first thing
 * that cannot be right.
 */
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import type { Manifest } from '../../lib/model/manifest.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import { Amnesia } from './amnesia.ts'
import { type Distortion, UNDISTORTED } from './bugs/distortion.ts'
import { AccountChecker } from './checkers/account.ts'
import type { Checker, Scene } from './checkers/checker.ts'
import { CopyChecker } from './checkers/copies.ts'
import { DefaultLimitsChecker } from './checkers/default-limits.ts'
import { GroupChecker } from './checkers/groups.ts'
import { GrowthChecker } from './checkers/growth.ts'
import { FenceChecker } from './checkers/fences.ts'
import { HonestyChecker } from './checkers/honesty.ts'
import { HomeChecker } from './checkers/homes.ts'
import { LinearizableChecker } from './checkers/linearizable.ts'
import { LogChecker } from './checkers/logs.ts'
import { ManageChecker } from './checkers/manage.ts'
import { MemberChecker } from './checkers/members.ts'
import { PromiseChecker } from './checkers/promises.ts'
import { RegisterChecker } from './checkers/registers.ts'
import { RetypeChecker } from './checkers/retypes.ts'
import { TypeChecker } from './checkers/types.ts'
import { RestChecker } from './checkers/rest.ts'
import { StateChecker } from './checkers/states.ts'
import { TransferChecker } from './checkers/transfers.ts'
import { TrespassChecker } from './checkers/trespass.ts'
import { Clients } from './clients.ts'
import { CrashPoints } from './crash/points.ts'
import { FOUNDING_TYPES } from './founding.ts'
import { type Asked, History } from './history.ts'
import { Hits } from './hits.ts'
import { Initiators } from './initiators.ts'
import { makeNode } from './make-node.ts'
import { Nemesis } from './nemesis.ts'
import { Network } from './network.ts'
import { Operator } from './operator.ts'
import { OperatorHand } from './operator-hand.ts'
import type { SimNode } from './node.ts'
import type { SimOptions } from './options.ts'
import { Random } from './random.ts'
import { Forger } from './forger.ts'
import { RareNemesis } from './rare-nemesis.ts'
import { Trace } from './trace.ts'
import { Violation } from './violation.ts'
import { World } from './world.ts'

/** Longest time from the end of the troubles to rest, virtual milliseconds. */
const REST_MS_MAX = 90_000
const POLL_MS = 250

export interface SimulationSetup {
  readonly seed: string
  readonly options: SimOptions
  readonly distortion?: Distortion
  readonly hashes?: boolean
  /** Where a host dies (see crash/points.ts). */
  readonly points?: CrashPoints
  /** Only this one watches, so that no other is faster. */
  readonly only?: 'linearizable'
  readonly print?: ((line: string) => void) | null
}

export class Simulation {
  readonly world: World
  readonly options: SimOptions
  readonly hits = new Hits()
  readonly history = new History()
  readonly network: Network
  /** Grows when a host joins. */
  readonly nodes: SimNode[]
  readonly clients: Clients
  readonly initiators: Initiators
  readonly registers: RegisterChecker
  readonly operator: Operator
  readonly #amnesia: Amnesia
  readonly linearizable: LinearizableChecker
  readonly points: CrashPoints
  readonly #nemesis: Nemesis
  readonly #rareNemesis: RareNemesis
  readonly #hand: OperatorHand
  readonly #random: Random
  readonly #distortion: Distortion
  readonly #checkers: Checker[] = []
  /** Those that listen to every event of every host. */
  readonly #heeding: Checker[] = []

  constructor({
    seed,
    options,
    distortion = UNDISTORTED,
    points = new CrashPoints([]),
    hashes = false,
    print = null,
    only,
  }: SimulationSetup) {
    this.options = options
    this.#distortion = distortion
    this.points = points
    this.#random = new Random(`world/${seed}`)
    this.world = new World(new Trace({ hashes, print }))
    const { world, hits, history } = this
    const forger = new Forger({ world, hits, random: this.#random.split('forger'), rate: options.rare.forgeries })
    this.network = new Network({
      world,
      hits,
      random: this.#random.split('network'),
      network: options.network,
      oracle: options.oracle,
      isChecked: options.rare.isWireChecked,
      strays: options.rare.strays,
      judge: (judgement) => this.#distortion.judge(judgement),
      onSend: (from, to, message) => {
        for (const checker of this.#checkers) checker.onSend?.(from, to, message)
        forger.onSend(this.nodes, this.network, from, message)
      },
    })
    const manifest = manifestOf(options)
    this.nodes = manifest.hosts.map(({ peer, name }, index) => this.#makeNode(peer, name, index, manifest))
    const { nodes, network } = this
    for (const node of nodes) network.join(node)
    this.initiators = new Initiators({ world, hits, nodes, random: this.#random.split('initiators') })
    this.clients = new Clients({
      world,
      hits,
      nodes,
      history,
      options,
      random: this.#random.split('clients'),
      onAnswer: (asked) => this.#useAnswer(asked),
    })
    this.#nemesis = new Nemesis({ world, hits, nodes, network, options, random: this.#random.split('nemesis') })
    this.operator = new Operator({
      world,
      hits,
      nodes,
      manifest,
      random: this.#random.split('operator'),
      isMoving: options.moves,
      join: (peer, first) => this.#join(peer, first),
    })
    this.#rareNemesis = new RareNemesis({
      world,
      hits,
      nodes,
      network,
      rare: options.rare,
      clients: this.clients,
      random: this.#random.split('rare nemesis'),
    })
    this.#hand = new OperatorHand({ world, hits, nodes, random: this.#random.split('hand'), everyMs: options.handEveryMs })
    this.#amnesia = new Amnesia({
      world,
      hits,
      nodes,
      network,
      nemesis: this.#nemesis,
      rareNemesis: this.#rareNemesis,
      operator: this.operator,
      random: this.#random.split('amnesia'),
    })

    const scene: Scene = { world, options, nodes, history, operator: this.operator }
    this.registers = new RegisterChecker(scene)
    const account = new AccountChecker(scene)
    const { registers } = this
    const transfers = new TransferChecker(scene, registers, hits)
    this.#checkers.push(
      registers,
      account,
      transfers,
      new PromiseChecker(scene, registers, transfers),
      new LogChecker(scene),
      new HomeChecker(scene, registers),
      new FenceChecker(scene),
      new HonestyChecker(),
      new TrespassChecker(history),
      new MemberChecker(),
      new StateChecker(scene, registers, transfers),
      new TypeChecker(scene, registers, hits),
      new DefaultLimitsChecker(scene, registers, hits),
      new RetypeChecker(scene, hits),
      new CopyChecker(scene),
      new ManageChecker(scene, hits),
      new GrowthChecker(),
      new GroupChecker(scene, registers, hits),
    )
    this.linearizable = new LinearizableChecker(scene, hits)
    this.#checkers.push(new RestChecker(scene, registers, account), this.linearizable)
    if (only === 'linearizable') this.#checkers.splice(0, this.#checkers.length, this.linearizable)
    this.#heeding.push(...this.#checkers.filter((checker) => checker.onEvent !== undefined))
    const eager = this.#checkers.filter((checker) => checker.afterEach !== undefined)
    world.afterEach(() => {
      for (const checker of eager) checker.afterEach?.()
    })
  }

  /** Starts the hosts; they have found each other a little later. */
  start(): void {
    this.clients.layThings()
    for (const node of this.nodes) node.start()
  }

  /**
   * A seed's whole history: calm start, troubles, then peace, until all is at rest.
   *
   * @returns virtual milliseconds from the end of the troubles to rest
   */
  run(): number {
    this.start()
    this.world.runUntil(1500)
    this.#nemesis.start()
    if (this.options.steps) this.operator.start(4000)
    if (this.options.amnesia) this.#amnesia.start(this.options.faultsMs * 0.7)
    this.#rareNemesis.start()
    this.#hand.start()
    this.clients.start()
    this.world.runUntil(1500 + this.options.faultsMs)
    this.heal()
    return this.comeToRest()
  }

  /** Ends all troubles. */
  heal(): void {
    this.world.trace.add(this.world.nowMs, 'nemesis', 'heals', null)
    this.#nemesis.stop()
    this.#amnesia.isOver = true
    this.operator.stop()
    this.#rareNemesis.stop()
    this.#hand.stop()
    this.clients.stop()
    for (const node of this.nodes) {
      node.calm()
      node.journal.isFull = false
      node.start()
    }
    this.network.heal()
  }

  /**
   * Lets time pass until nothing is open any more.
   *
   * @returns virtual milliseconds that it took
   * @throws Violation if it takes too long, or if what is there at rest is not right
   */
  comeToRest(): number {
    const fromMs = this.world.nowMs
    for (;;) {
      this.world.runUntil(this.world.nowMs + POLL_MS)
      const open = this.unsettled()
      if (open.length === 0) break
      if (this.world.nowMs - fromMs > REST_MS_MAX)
        throw new Violation('convergence', `not at rest ${REST_MS_MAX / 1000} s after the troubles`, { open: open.slice(0, 12) })
    }
    for (const checker of this.#checkers) checker.atRest?.()
    return this.world.nowMs - fromMs
  }

  unsettled(): readonly string[] {
    if (this.clients.isWaiting) return ['clients wait for answers']
    return this.#checkers.flatMap((checker) => checker.unsettled?.() ?? [])
  }

  /** Lets `ms` go by. */
  pass(ms: number): void {
    this.world.runUntil(this.world.nowMs + ms)
  }

  node(name: string): SimNode {
    const found = this.nodes.find((node) => node.name === name)
    if (found === undefined) throw new RangeError(`no host ${name}`)
    return found
  }

  /** Asks through the host of this name and lets time pass until the answer is there. */
  ask(request: ClientRequest, through: string, withinMs = 30_000): ClientReply {
    const reply = this.tryToAsk(request, through, withinMs)
    if (reply === null) throw new Violation('convergence', 'no answer', { request })
    return reply
  }

  /** The same; null if there is no answer in time. */
  tryToAsk(request: ClientRequest, through: string, withinMs: number): ClientReply | null {
    const before = this.history.asked.size
    this.clients.ask(request, TRIES_NONE, this.node(through))
    const asked = [...this.history.asked.values()][before]
    const untilMs = this.world.nowMs + withinMs
    while (asked !== undefined && asked.reply === null && this.world.runOne(untilMs));
    return asked?.reply ?? null
  }

  #join(peer: PeerId, manifest: Manifest): SimNode {
    const node = this.#makeNode(peer, peer.slice(-1), this.nodes.length, manifest)
    this.nodes.push(node)
    this.network.join(node)
    return node
  }

  #makeNode(peer: PeerId, name: string, index: number, manifest: Manifest): SimNode {
    const { world, hits, options, network, points } = this
    return makeNode({
      peer,
      name,
      index,
      manifest,
      world,
      hits,
      options,
      network,
      points,
      random: this.#random.split(`node-${name}`),
      distortion: this.#distortion,
      checkers: this.#checkers,
      heeding: this.#heeding,
      onReply: (node, id, reply) => this.#onReply(node, id, reply),
      isSpare: (node) => this.operator.isSpare(node),
    })
  }

  #onReply(node: SimNode, id: string, reply: ClientReply): void {
    const asked = this.history.asked.get(id)
    if (asked === undefined) return
    for (const checker of this.#checkers) checker.onReply?.(node, asked, reply)
    this.clients.onReply(id, reply)
  }

  /** Whoever was given a connection begins to use it. */
  #useAnswer({ request, reply }: Asked): void {
    if (request.kind !== 'operate' || reply?.kind !== 'operate' || !reply.result.ok) return
    const { operation, volume } = request.request
    const { connection } = reply.result.value
    if (connection === null || !('attachment' in operation)) return
    if (operation.kind === 'initialize') return this.initiators.use(operation.connector.initiator, connection)
    const attachment = this.history.books.get(volume)?.attachments.get(operation.attachment)
    if (attachment !== undefined) this.initiators.use(attachment.initiator, connection)
  }
}

const TRIES_NONE = 99

/** As good as a signature as long as nobody here guesses another's: no adversary sits in a fake. */
function manifestOf({ peers, limits, steps }: SimOptions): Manifest {
  const names = ['a', 'b', 'c', 'd', 'e'].slice(0, peers)
  return {
    cluster: 'sim',
    epoch: 1,
    prev: '',
    expect: peers,
    voting: { epoch: 1, former: null },
    hosts: names.map((name, at) => ({
      peer: peerId(`peer-${name}`),
      name,
      addrs: [],
      zone: 'nova',
      voter: !steps || at % 2 === 0,
      state: 'member',
    })),
    left: [],
    types: FOUNDING_TYPES,
    limits,
  }
}
