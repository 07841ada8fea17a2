/**
 * Clients of the API as they are: in a hurry, several at once on one volume, repeating what was not answered through
 * another peer, and sometimes using a key again for something else.
 */
import { NO_HINTS } from '../../lib/model/hints.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { attachmentId, type ProjectId, projectId, snapshotId, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import type { ClientReply, ClientRequest, Operation } from '../../lib/model/request.ts'
import type { ExistingSnapshot, SnapshotSpec } from '../../lib/model/snapshot.ts'
import type { VolumeSpec } from '../../lib/model/volume.ts'
import { copyJson } from './copy-json.ts'
import type { Asked, AttachmentBook, History, VolumeBook } from './history.ts'
import type { Hits } from './hits.ts'
import type { SimNode } from './node.ts'
import type { SimOptions } from './options.ts'
import { Copiers } from './copiers.ts'
import { Groupers } from './groupers.ts'
import { Intake } from './intake.ts'
import { drawDefaultLimit } from './default-limits.ts'
import { drawOlderLife } from './older-clients.ts'
import type { Random } from './random.ts'
import { bodyHashOf, createOf, ridOf } from './requests.ts'
import { Reverters, type WantedRevert } from './reverters.ts'
import { Transferrers } from './transferrers.ts'
import { retypeTo, TypeClients } from './type-clients.ts'
import { trespassOn } from './strangers.ts'
import type { World } from './world.ts'

const PATIENCE_MS = 12_000
const TRIES_MAX = 4
const BURST_MS = 1000
const BURST_MAX = 60
/** Part of all requests. */
const SNAPSHOTS = 0.2

const PROJECTS: readonly ProjectId[] = [projectId('blue'), projectId('green')]

export class Clients {
  readonly #world: World
  readonly #random: Random
  readonly #options: SimOptions
  readonly #history: History
  readonly #hits: Hits
  readonly #nodes: readonly SimNode[]
  readonly #onAnswer: (asked: Asked) => void
  /** Requests that are waited for, with how often each was tried. */
  readonly #waiting = new Map<string, number>()
  readonly #strangers: Random
  /** Of what is done with snapshots. */
  readonly #keepers: Random
  readonly #growers: Random
  readonly #cascaders: Random
  /** Of the calls from before attachments were a resource. */
  readonly #older: Random
  readonly #types: Random
  readonly #copiers: Copiers
  readonly #reverters: Reverters
  readonly #typeClients: TypeClients
  readonly #intake: Intake
  readonly #transferrers: Transferrers
  /** Of what goes from project to project. */
  readonly #givers: Random
  readonly #admins: Random
  /** Of admins who take snapshots in and give them back. */
  readonly #archivists: Random
  readonly #archive: Intake
  /** Of the limits that projects have by default. */
  readonly #stewards: Random
  readonly #retypers: Random
  /** Of what is done with groups. */
  readonly #gatherers: Random
  readonly #groupers: Groupers
  #left: number
  #isOver = false

  constructor(options: {
    world: World
    random: Random
    options: SimOptions
    history: History
    hits: Hits
    nodes: readonly SimNode[]
    onAnswer: (asked: Asked) => void
  }) {
    this.#world = options.world
    this.#random = options.random
    this.#options = options.options
    this.#history = options.history
    this.#hits = options.hits
    this.#nodes = options.nodes
    this.#onAnswer = options.onAnswer
    this.#left = options.options.requests
    this.#strangers = options.random.split('strangers')
    this.#keepers = options.random.split('keepers')
    this.#cascaders = options.random.split('cascaders')
    this.#growers = options.random.split('growers')
    this.#older = options.random.split('older')
    this.#types = options.random.split('types')
    this.#copiers = new Copiers(options.random.split('copiers'), options.history, options.nodes)
    this.#reverters = new Reverters(options.random.split('reverters'))
    this.#typeClients = new TypeClients(
      this.#types,
      options.random.split('group types'),
      options.history,
      options.options.limits.types !== undefined,
    )
    this.#admins = options.random.split('admins')
    this.#archivists = options.random.split('archivists')
    this.#archive = new Intake(this.#archivists, options.history, options.nodes)
    this.#stewards = options.random.split('stewards')
    this.#retypers = options.random.split('retypers')
    this.#givers = options.random.split('givers')
    this.#transferrers = new Transferrers(options.random.split('transferrers'), PROJECTS)
    this.#gatherers = options.random.split('gatherers')
    this.#groupers = new Groupers(
      options.random.split('groupers'),
      options.history,
      options.nodes,
      PROJECTS.slice(0, options.options.projects),
    )
    this.#intake = new Intake(this.#admins, options.history, options.nodes)
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Nothing new is asked and nothing tried again; what was asked is waited for. */
  stop(): void {
    this.#left = 0
    this.#isOver = true
  }

  /** Others have used the pools before there is a cluster. */
  layThings(): void {
    if (this.#options.manages > 0) this.#intake.layThings(this.#options.poolGiB)
  }

  start(): void {
    for (let n = 0; n < this.#options.clients; n += 1) this.#next(this.#random.between(0, 1000))
  }

  /** Asks any host, and the next one if nobody listens there. */
  ask(request: ClientRequest, tries = 0, node: SimNode = this.#random.pick(this.#nodes)): void {
    const asked = this.#history.ask(this.#world.nowMs, node.name, request)
    this.#world.trace.add(this.#world.nowMs, 'client', 'asks', { id: asked.id, node: node.name, request })
    this.#waiting.set(asked.id, tries)
    this.#hits.add(`client: ${request.kind === 'operate' ? request.request.operation.kind : request.kind}`)
    if (!node.ask(asked.id, request)) {
      this.#waiting.delete(asked.id)
      this.#again(request, tries, this.#random.between(50, 500))
      return
    }
    this.#world.schedule(PATIENCE_MS, () => {
      if (!this.#waiting.delete(asked.id)) return
      this.#hits.add('client: no answer in time')
      this.#again(request, tries, 0)
    })
  }

  /** A host has answered; the answer arrives, or is lost with the connection. */
  onReply(id: string, reply: ClientReply): void {
    if (!this.#waiting.has(id)) return
    const copy = copyJson(reply)
    this.#world.schedule(this.#random.between(0, 5), () => {
      const tries = this.#waiting.get(id)
      const asked = this.#history.answer(id, this.#world.nowMs, copy)
      this.#waiting.delete(id)
      if (asked === null || tries === undefined) return
      this.#world.trace.add(this.#world.nowMs, 'client', 'is told', { id, reply: copy })
      this.#hits.add(copy.result.ok ? 'answer: ok' : `answer: ${copy.result.failure.code}`)
      this.#onAnswer(asked)
      if (!copy.result.ok && isPassing(copy.result.failure.code)) this.#again(asked.request, tries, this.#random.between(100, 2000))
    })
  }

  #again(request: ClientRequest, tries: number, afterMs: number): void {
    if (tries + 1 >= TRIES_MAX) return
    this.#world.schedule(afterMs, () => {
      if (!this.#isOver) this.ask(request, tries + 1)
    })
  }

  #next(afterMs: number): void {
    this.#world.schedule(afterMs, () => {
      if (this.#left <= 0) return
      this.#left -= 1
      this.#act()
      const paceMs = Math.floor((this.#options.faultsMs * this.#options.clients) / this.#options.requests)
      this.#next(this.#random.between(0, 2 * paceMs))
    })
  }

  /** Ten times as many requests as usual, for a moment. */
  burst(): void {
    this.#hits.add('client: burst')
    const { requests, faultsMs } = this.#options
    const count = Math.min(BURST_MAX, Math.ceil((10 * requests * BURST_MS) / faultsMs))
    for (let n = 0; n < count; n += 1) {
      this.#world.schedule(this.#strangers.below(BURST_MS), () => {
        if (!this.#isOver) this.#act()
      })
    }
  }

  #act(): void {
    const change = this.#drawForCluster()
    if (change !== null) return this.ask(change)
    const books = [...this.#history.books.values()]
    if (this.#admins.chance(this.#options.manages)) return this.#actAsAdmin(books)
    if (this.#archivists.chance(this.#options.manages)) return this.#actAsArchivist(books)
    if (books.length > 0 && this.#strangers.chance(this.#options.rare.trespasses)) return this.#trespass(this.#strangers.pick(books))
    const live = books.filter((book) => book.deleteAckedMs === null)
    const promised = live.filter((book) => book.ackedMs !== null)
    if (this.#actAsOthers(promised)) return
    const wanted = this.#reverters.draw(promised)
    if (wanted !== null) return this.#revert(wanted)
    // Mostly what is known to be there; at times what nobody has answered for.
    if (promised.length > 0 && this.#keepers.chance(SNAPSHOTS)) return this.#actOnSnapshots(this.#keepers.pick(promised))
    const choices = promised.length > 0 && this.#random.chance(0.9) ? promised : live
    const book = choices.length > 0 ? this.#random.pick(choices) : null
    const action = this.#random.weighted({
      create: 26,
      repeat: 8,
      abuse: 3,
      delete: 12,
      extend: 10,
      update: 6,
      attach: 24,
      detach: 14,
      find: 5,
      ledger: 2,
    })
    if (book === null || action === 'create') return this.#create()
    switch (action) {
      case 'repeat':
        return this.#repeat(books)
      case 'abuse':
        return this.#abuse(books)
      case 'delete':
        return this.#operate(book, {
          kind: 'delete',
          force: this.#random.chance(0.2),
          ...(this.#cascaders.chance(0.3) ? { cascade: true } : {}),
        })
      case 'extend':
        return this.#extend(book, promised)
      case 'update':
        return this.#operate(book, { kind: 'update', name: `name-${this.#random.hex(3)}` })
      case 'attach':
        return this.#attach(book)
      case 'detach':
        return this.#detach(live)
      case 'find':
        return this.#find(book)
      case 'ledger':
        return this.ask({ kind: 'ledger', project: book.project })
    }
  }

  /** As clients of whom there are some in some clusters; false if it is somebody else's turn. */
  #actAsOthers(promised: readonly VolumeBook[]): boolean {
    if (promised.length > 0 && this.#retypers.chance(this.#options.types / 2)) this.#retype(this.#retypers.pick(promised))
    else if (promised.length > 0 && this.#older.chance(this.#options.older)) this.#actAsOlder(this.#older.pick(promised))
    else if (this.#givers.chance(this.#options.transfers)) this.#transfer(promised)
    else if (this.#gatherers.chance(this.#options.groups)) this.#actOnGroups()
    else return false
    return true
  }

  /** What is about no project. */
  #drawForCluster(): ClientRequest | null {
    if (this.#types.chance(this.#options.types)) return this.#typeClients.draw()
    return this.#stewards.chance(this.#options.defaults) ? drawDefaultLimit(this.#stewards) : null
  }

  #create(): void {
    const isKeyed = this.#random.chance(0.6)
    const project = PROJECTS[this.#random.below(this.#options.projects)] ?? projectId('blue')
    const key = this.#random.hex(8)
    const type = this.#types.chance(2 * this.#options.types) ? this.#typeClients.pick() : null
    const empty: VolumeSpec = {
      id: volumeId(this.#random.uuid()),
      project,
      user: 'u',
      name: null,
      description: null,
      sizeGiB: this.#random.between(1, this.#options.sizeGiBMax),
      zone: null,
      type: type?.name ?? null,
      typeId: type?.id ?? null,
      metadata: {},
      multiattach: this.#random.chance(0.1) && type === null,
      source: null,
      createdAtMs: this.#world.nowMs,
    }
    const rid = ridOf(project, key)
    const copied = this.#copiers.draw(project)
    const spec = copied === null ? empty : { ...empty, ...copied.facts }
    const book = this.#history.open(spec, rid, bodyHashOf(spec), isKeyed, copied?.place ?? null)
    this.ask(createOf(book))
    if (isKeyed && this.#random.chance(0.2)) {
      this.#hits.add('client: two peers at once')
      this.ask(createOf(book))
    }
  }

  /** What lies in a pool is taken in, at times by two; a volume is given back; somebody looks what there is. */
  #actAsAdmin(books: readonly VolumeBook[]): void {
    const random = this.#admins
    const promised = books.filter(({ ackedMs, deleteAckedMs }) => ackedMs !== null && deleteAckedMs === null)
    const action = random.weighted({ manage: 10, unmanage: 6, look: 1 })
    if (action === 'look') return this.ask({ kind: 'look', host: random.chance(0.5) ? null : random.pick(this.#nodes).id })
    if (action === 'unmanage' && promised.length > 0) return this.#operate(this.#intake.drawVolume(promised), { kind: 'unmanage' }, random)
    for (let times = random.chance(0.3) ? 2 : 1; times > 0; times -= 1) {
      const found = this.#intake.drawThing()
      if (found === null) return
      const project = PROJECTS[random.below(this.#options.projects)] ?? projectId('blue')
      const empty = this.#emptySpec(volumeId(random.uuid()), project, found.facts.sizeGiB)
      const spec = { ...empty, ...found.facts }
      this.ask(createOf(this.#history.open(spec, ridOf(project, random.hex(8)), bodyHashOf(spec), random.chance(0.5), found.place)))
    }
  }

  /** A snapshot is given back, or one that lies in a pool is taken in, at times by two. */
  #actAsArchivist(books: readonly VolumeBook[]): void {
    const random = this.#archivists
    const promised = books.filter(({ ackedMs, deleteAckedMs }) => ackedMs !== null && deleteAckedMs === null)
    const found = random.chance(0.7) ? this.#archive.drawSnapshot(promised) : null
    if (found !== null) {
      for (let times = random.chance(0.3) ? 2 : 1; times > 0; times -= 1) this.#takeSnapshot(found.book, random, found.existing)
      return
    }
    const kept = this.#archive.drawKept(promised)
    if (kept !== null) this.#operate(kept.book, { kind: 'unmanage-snapshot', snapshot: kept.snapshot }, random)
  }

  #emptySpec(id: VolumeId, project: ProjectId, sizeGiB: number): VolumeSpec {
    const nothing = { name: null, description: null, zone: null, type: null, typeId: null, source: null }
    return { id, project, user: 'u', ...nothing, sizeGiB, metadata: {}, multiattach: false, createdAtMs: this.#world.nowMs }
  }

  /** The same create again, through whichever peer. */
  #repeat(books: readonly VolumeBook[]): void {
    const keyed = books.filter(({ isKeyed }) => isKeyed)
    if (keyed.length > 0) this.ask(createOf(this.#random.pick(keyed)))
  }

  /** The key of another request, for something else. */
  #abuse(books: readonly VolumeBook[]): void {
    const keyed = books.filter(({ isKeyed }) => isKeyed)
    if (keyed.length === 0) return
    const { spec, rid, sourceAt } = this.#random.pick(keyed)
    const other = { ...spec, sizeGiB: spec.sizeGiB + 1 }
    this.ask({ kind: 'create', rid, spec: other, bodyHash: bodyHashOf(other), sourceAt, hints: NO_HINTS })
  }

  /** Half of the time one that somebody uses, if there is any. */
  #extend(book: VolumeBook, promised: readonly VolumeBook[]): void {
    const random = this.#growers
    const moreGiB = this.#random.between(1, 4)
    const extend = (of: VolumeBook): void =>
      this.#operate(of, { kind: 'extend', sizeGiB: of.spec.sizeGiB + moreGiB, online: random.chance(0.8) })
    const used = promised.flatMap((of) => [...of.attachments.values()].filter(isUsed).map(({ id }) => ({ of, id })))
    if (used.length === 0 || random.chance(0.5)) return extend(book)
    const { of, id } = random.pick(used)
    this.#operate(of, { kind: 'complete', attachment: id })
    this.#world.schedule(random.between(50, 1000), () => {
      if (!this.#isOver) extend(of)
    })
  }

  #attach(book: VolumeBook): void {
    const reserved = [...book.attachments.values()].filter((attachment) => attachment.ackedMs !== null && !attachment.isDetachAsked)
    const known = reserved.length > 0 ? this.#random.pick(reserved) : null
    if (known !== null && this.#random.chance(0.7)) {
      const isConnected = known.connection !== null
      this.#operate(
        book,
        isConnected
          ? { kind: this.#random.chance(0.7) ? 'complete' : 'connection', attachment: known.id }
          : { kind: 'connect', attachment: known.id, connector: connectorOf(known) },
      )
      return
    }
    const attachment: AttachmentBook = {
      isOlder: false,
      id: attachmentId(this.#random.uuid()),
      initiator: `iqn.2026-01.example:host-${this.#random.below(4)}-${this.#random.hex(2)}`,
      connection: null,
      ackedMs: null,
      isDetachAsked: false,
      detachAckedMs: null,
    }
    book.attachments.set(attachment.id, attachment)
    this.#operate(book, {
      kind: 'attach',
      attachment: attachment.id,
      instance: null,
      mode: 'rw',
      connector: this.#random.chance(0.7) ? connectorOf(attachment) : null,
      mountpoint: null,
    })
  }

  #actAsOlder(book: VolumeBook): void {
    let afterMs = 0
    for (const operation of drawOlderLife(this.#older, book)) {
      this.#world.schedule(afterMs, () => {
        if (!this.#isOver) this.#operate(book, operation, this.#older)
      })
      afterMs += this.#older.between(20, 1500)
    }
  }

  #detach(books: readonly VolumeBook[]): void {
    const attached = books.filter((book) => [...book.attachments.values()].some((attachment) => attachment.ackedMs !== null))
    if (attached.length === 0) return
    const book = this.#random.pick(attached)
    const { id } = this.#random.pick([...book.attachments.values()])
    this.#operate(book, { kind: 'detach', attachment: id, allowUnsafe: this.#random.chance(0.7) })
  }

  /** As its project, or as an operator who knows no project; or by one of its attachments. */
  #find(book: VolumeBook): void {
    const [attachment] = [...book.attachments.values()].filter(({ ackedMs }) => ackedMs !== null)
    if (attachment !== undefined && this.#random.chance(0.5)) return this.ask({ kind: 'find-attachment', attachment: attachment.id })
    const project = this.#random.chance(0.7) ? this.#asWhom(book) : null
    this.ask({ kind: 'find', project, volume: book.spec.id, isOwn: project !== null })
  }

  /** Some are made, also of volumes in use; some are renamed, looked for or deleted, also at once by two. */
  #actOnSnapshots(book: VolumeBook): void {
    const random = this.#keepers
    const known = [...book.snapshots.values()]
    const promised = known.filter(({ ackedMs, deleteAckedMs }) => ackedMs !== null && deleteAckedMs === null)
    const action = random.weighted({ make: 8, delete: 5, update: 2, find: 3 })
    const one = promised.length > 0 && random.chance(0.9) ? random.pick(promised) : known.length > 0 ? random.pick(known) : null
    if (one === null || action === 'make') return this.#takeSnapshot(book)
    const { id: snapshot } = one.spec
    const project = this.#asWhom(book)
    switch (action) {
      case 'delete':
        return this.#operate(book, { kind: 'delete-snapshot', snapshot })
      case 'update':
        return this.#operate(book, { kind: 'update-snapshot', snapshot, name: `name-${random.hex(3)}` })
      case 'find':
        return this.ask(
          random.chance(0.7)
            ? { kind: 'find-snapshot', project, snapshot, isOwn: true }
            : { kind: 'find-snapshot', project: null, snapshot, isOwn: false },
        )
    }
  }

  #revert({ book, detach, afterMs, operation }: WantedRevert): void {
    for (const { id } of detach) this.#operate(book, { kind: 'detach', attachment: id, allowUnsafe: true })
    this.#world.schedule(afterMs, () => {
      if (!this.#isOver) this.#operate(book, operation)
    })
  }

  #takeSnapshot({ spec, project }: VolumeBook, random = this.#keepers, existing?: ExistingSnapshot): void {
    const { id: volume } = spec
    const key = random.hex(8)
    const snapshot: SnapshotSpec = {
      id: snapshotId(random.uuid()),
      volume,
      project,
      user: 'u',
      name: null,
      description: null,
      metadata: {},
      createdAtMs: this.#world.nowMs,
      ...(existing === undefined ? {} : { existing }),
    }
    const operation: Operation = { kind: 'snapshot', snapshot, bodyHash: hashHex('snapshot', volume, key), force: random.chance(0.5) }
    const request = { rid: ridOf(project, key), project, volume, operation }
    this.ask({ kind: 'operate', request })
    if (random.chance(0.1)) this.ask({ kind: 'operate', request })
  }

  #actOnGroups(): void {
    for (const request of this.#groupers.draw(this.#world.nowMs, this.#options.sizeGiBMax)) this.ask(request)
  }

  #transfer(promised: readonly VolumeBook[]): void {
    for (const request of this.#transferrers.draw(promised, this.#world.nowMs)) this.ask({ kind: 'operate', request })
  }

  /** Whose it is; at times whose it was, who may not have heard that it is another's. */
  #asWhom({ project, projects }: VolumeBook): ProjectId {
    return projects.size > 1 && this.#givers.chance(0.1) ? this.#givers.pick([...projects]) : project
  }

  /** Of those that are used, too. */
  #retype(book: VolumeBook): void {
    const random = this.#retypers
    const type = this.#typeClients.pick(random)
    if (type === null) return
    const node = random.pick(this.#nodes)
    const project = this.#asWhom(book)
    const operation = retypeTo(type, node, random.chance(0.5))
    if (operation === null) return this.ask({ kind: 'types', change: null }, 0, node)
    this.ask({ kind: 'operate', request: { rid: ridOf(project, random.hex(8)), project, volume: book.spec.id, operation } }, 0, node)
  }

  #trespass(book: VolumeBook): void {
    this.#hits.add('client: trespass')
    const project = PROJECTS.find((other) => !book.projects.has(other)) ?? projectId('red')
    this.ask({ kind: 'operate', request: trespassOn(book, ridOf(project, this.#strangers.hex(8)), project, this.#strangers) })
  }

  #operate(book: VolumeBook, operation: Operation, random = this.#random): void {
    const project = this.#asWhom(book)
    const rid = ridOf(project, random.hex(8))
    this.ask({ kind: 'operate', request: { rid, project, volume: book.spec.id, operation } })
  }
}

const isUsed = ({ connection, isDetachAsked }: AttachmentBook): boolean => connection !== null && !isDetachAsked

function connectorOf({ initiator }: AttachmentBook): {
  initiator: string
  host: null
  ip: null
  multipath: boolean
  mountpoint: null
} {
  return { initiator, host: null, ip: null, multipath: false, mountpoint: null }
}

/** Answers after which a sensible client tries again. */
export function isPassing(code: string): boolean {
  return (
    code === 'no-majority' ||
    code === 'owner-unreachable' ||
    code === 'recovering' ||
    code === 'overloaded' ||
    code === 'peer-incomplete' ||
    code === 'types-behind'
  )
}
