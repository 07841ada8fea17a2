/**
 * Clients who keep volumes in groups: made in one, put in and taken out, snapped and copied together, and deleted with it. Also what has to
 * be refused: a volume of a group that is deleted alone, or made in a group that is on its way out.
 */
import { hashHex } from '../../lib/model/hash.ts'
import { type GroupMember, type GroupSnapshot, type GroupSource, type Holds, memberVolumeId } from '../../lib/model/group.ts'
import { groupSnapshotId, type ProjectId, requestId, volumeId } from '../../lib/model/ids.ts'
import { NO_HINTS } from '../../lib/model/hints.ts'
import type { ClientRequest, Operation } from '../../lib/model/request.ts'
import { snapshotOf } from '../../lib/model/snapshot.ts'
import type { Volume, VolumeSpec } from '../../lib/model/volume.ts'
import { FOUNDING_TYPES } from './founding.ts'
import type { GroupBook } from './group-books.ts'
import type { History, VolumeBook } from './history.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import { bodyHashOf, type CreateRequest, createOf, ridOf } from './requests.ts'

const GROUP_TYPE = '00000000-0000-4000-8000-000000000099'

export class Groupers {
  readonly #random: Random
  readonly #history: History
  readonly #nodes: readonly SimNode[]
  readonly #projects: readonly ProjectId[]

  constructor(random: Random, history: History, nodes: readonly SimNode[], projects: readonly ProjectId[]) {
    this.#random = random
    this.#history = history
    this.#nodes = nodes
    this.#projects = projects
  }

  /** @returns what is asked one after the other, without waiting for answers; more than one at once is meant */
  draw(nowMs: number, sizeGiBMax: number): readonly ClientRequest[] {
    const random = this.#random
    const groups = [...this.#history.groups.values()].filter(({ deleteAckedMs }) => deleteAckedMs === null)
    const promised = groups.filter(({ ackedMs }) => ackedMs !== null)
    const action = random.weighted({
      create: 6,
      fill: 16,
      move: 9,
      alone: 3,
      delete: 5,
      snap: 9,
      unsnap: 6,
      copy: 5,
      repeat: 2,
    })
    const group = promised.length > 0 && random.chance(0.9) ? random.pick(promised) : groups.length > 0 ? random.pick(groups) : null
    if (group === null || action === 'create') return [this.#create(nowMs)]
    switch (action) {
      case 'fill':
        return this.#fill(group, nowMs, sizeGiBMax)
      case 'move':
        return this.#move(group)
      case 'alone':
        return this.#alone(group)
      case 'delete':
        return this.#delete(group, nowMs, sizeGiBMax)
      case 'snap':
        return this.#snap(group, nowMs)
      case 'unsnap':
        return this.#unsnap(group)
      case 'copy':
        return this.#copy(group, nowMs)
      case 'repeat':
        return [createGroupOf(group)]
    }
  }

  #create(nowMs: number): ClientRequest {
    const random = this.#random
    const project = random.pick(this.#projects)
    const volumeTypes = FOUNDING_TYPES.slice(0, random.chance(0.8) ? 1 : 2).map(({ id }) => id)
    return this.#open(project, { groupType: GROUP_TYPE, volumeTypes, source: null, members: [] }, null, nowMs)
  }

  #open(project: ProjectId, holds: Holds, at: Volume | null, nowMs: number, id = volumeId(this.#random.uuid())): ClientRequest {
    const nothing = { name: null, description: null, zone: null, type: null, typeId: null, source: null }
    const spec: VolumeSpec = { id, project, user: 'u', ...nothing, sizeGiB: 0, metadata: {}, multiattach: false, holds, createdAtMs: nowMs }
    const place = at === null || at.owner === null || at.pool === null ? null : { owner: at.owner, pool: at.pool }
    return createGroupOf(this.#history.openGroup(spec, ridOf(project, this.#random.hex(8)), place))
  }

  /** Some volumes are made in it, mostly of a type that it takes. */
  #fill(group: GroupBook, nowMs: number, sizeGiBMax: number): readonly ClientRequest[] {
    const random = this.#random
    const shown = this.#shown(group)
    if (shown === null || shown.owner === null || shown.pool === null) return []
    const { owner, pool } = shown
    return Array.from({ length: random.between(1, 3) }, () => {
      const type = FOUNDING_TYPES[random.chance(0.95) ? 0 : 1] ?? null
      const spec: VolumeSpec = {
        id: volumeId(random.uuid()),
        project: group.spec.project,
        user: 'u',
        name: null,
        description: null,
        sizeGiB: random.between(1, sizeGiBMax),
        zone: null,
        type: type?.name ?? null,
        typeId: type?.id ?? null,
        metadata: {},
        multiattach: false,
        source: null,
        group: group.spec.id,
        createdAtMs: nowMs,
      }
      const rid = ridOf(spec.project, random.hex(8))
      return createOf(this.#history.open(spec, rid, bodyHashOf(spec), random.chance(0.5), { owner, pool }))
    })
  }

  /** Mostly what may be in it already, or lies where it lies. */
  #move(group: GroupBook): readonly ClientRequest[] {
    const random = this.#random
    const [ours, others] = [this.#membersOf(group), this.#books(group)]
    const add = random.chance(0.6) ? some(random, others) : []
    const remove = random.chance(0.6) ? some(random, ours).filter((book) => !add.includes(book)) : []
    const name = random.chance(0.3) ? { name: `name-${random.hex(3)}` } : {}
    const idsOf = (books: readonly VolumeBook[]): readonly VolumeBook['spec']['id'][] => books.map(({ spec }) => spec.id)
    return [this.#operate(group, { kind: 'change-group', ...name, add: idsOf(add), remove: idsOf(remove) })]
  }

  #alone(group: GroupBook): readonly ClientRequest[] {
    const members = this.#membersOf(group)
    if (members.length === 0) return []
    const { spec, project } = this.#random.pick(members)
    const rid = ridOf(project, this.#random.hex(8))
    return [{ kind: 'operate', request: { rid, project, volume: spec.id, operation: { kind: 'delete', force: this.#random.chance(0.3) } } }]
  }

  /** At times while somebody makes a volume in it. */
  #delete(group: GroupBook, nowMs: number, sizeGiBMax: number): readonly ClientRequest[] {
    const remove = this.#operate(group, { kind: 'delete', force: false, ...(this.#random.chance(0.7) ? { cascade: true } : {}) })
    return this.#random.chance(0.3) ? [remove, ...this.#fill(group, nowMs, sizeGiBMax)] : [remove]
  }

  #snap(group: GroupBook, nowMs: number): readonly ClientRequest[] {
    const random = this.#random
    const id = groupSnapshotId(random.uuid())
    const groupSnapshot = { id, name: null, description: null, user: 'u', createdAtMs: nowMs }
    const request = this.#operate(group, { kind: 'group-snapshot', groupSnapshot, bodyHash: hashHex('group snapshot', id).slice(0, 16) })
    return random.chance(0.15) ? [request, request] : [request]
  }

  #unsnap(group: GroupBook): readonly ClientRequest[] {
    const random = this.#random
    const known = [...group.snapshots.values()]
    if (known.length === 0) return []
    const { id } = random.pick(known).spec
    if (random.chance(0.1)) return [{ kind: 'find-group-snapshot', groupSnapshot: id }]
    return [this.#operate(group, { kind: 'delete-group-snapshot', groupSnapshot: id })]
  }

  /** Of the group, or of a snapshot of it, as some host shows it. */
  #copy(group: GroupBook, nowMs: number): readonly ClientRequest[] {
    const random = this.#random
    const view = random.pick(this.#nodes).peer?.view
    const shown = view?.volumes.get(group.spec.id)?.volume
    if (view === undefined || shown?.holds === undefined) return []
    const volumes = [...view.volumes.values()].map(({ volume }) => volume)
    const id = volumeId(random.uuid())
    const snapshots = shown.groupSnapshots ?? []
    const from = snapshots.length > 0 && random.chance(0.6) ? random.pick(snapshots) : null
    const members = from === null ? copiesOf(id, shown, volumes) : copiesOfSnapshot(id, from, volumes)
    const source: GroupSource =
      from === null ? { kind: 'group', group: shown.id } : { kind: 'group-snapshot', groupSnapshot: from.id, group: shown.id }
    return [this.#open(shown.project, { ...shown.holds, source, members }, shown, nowMs, id)]
  }

  #operate({ spec }: GroupBook, operation: Operation): ClientRequest {
    const rid = requestId(hashHex('rid', spec.project, this.#random.hex(8)).slice(0, 32))
    return { kind: 'operate', request: { rid, project: spec.project, volume: spec.id, operation } }
  }

  #shown({ spec }: GroupBook): Volume | null {
    return this.#random.pick(this.#nodes).peer?.view.volumes.get(spec.id)?.volume ?? null
  }

  /** Volumes that clients take for its own. */
  #membersOf({ spec }: GroupBook): readonly VolumeBook[] {
    return [...this.#history.books.values()].filter((book) => (book.moves.at(-1)?.to ?? book.spec.group) === spec.id)
  }

  #books({ spec }: GroupBook): readonly VolumeBook[] {
    const books = [...this.#history.books.values()].filter((book) => book.project === spec.project && book.ackedMs !== null)
    const typed = books.filter((book) => book.spec.typeId !== null)
    return typed.length > 0 && this.#random.chance(0.9) ? typed : books
  }
}

export function createGroupOf({ spec, rid, sourceAt }: GroupBook): CreateRequest {
  return { kind: 'create', rid, spec, bodyHash: hashHex('group', spec.id).slice(0, 16), sourceAt, hints: NO_HINTS }
}

function copiesOf(id: Volume['id'], group: Volume, volumes: readonly Volume[]): readonly GroupMember[] {
  const members = volumes.filter((volume) => volume.group === group.id)
  return members.map(({ id: volume, sizeGiB, type, typeId, multiattach }) => {
    return { id: memberVolumeId(id, volume), sizeGiB, source: { kind: 'volume', volume }, type, typeId, multiattach }
  })
}

function copiesOfSnapshot(id: Volume['id'], { members }: GroupSnapshot, volumes: readonly Volume[]): readonly GroupMember[] {
  return members.flatMap(({ volume, snapshot }) => {
    const source = volumes.find((one) => one.id === volume)
    const part = source === undefined ? null : snapshotOf(source, snapshot)
    if (source === undefined || part === null) return []
    const { type, typeId, multiattach } = source
    return {
      id: memberVolumeId(id, volume),
      sizeGiB: part.sizeGiB,
      source: { kind: 'snapshot', snapshot, volume },
      type,
      typeId,
      multiattach,
    }
  })
}

function some<Of>(random: Random, of: readonly Of[]): readonly Of[] {
  return of.length === 0 ? [] : [...new Set(Array.from({ length: random.between(1, 2) }, () => random.pick(of)))]
}
