/** The resource `volumes`: create, read, list, rename, delete. */
import { hashHex } from '../../lib/model/hash.ts'
import type { Result } from '../../lib/model/failure.ts'
import type { GroupId } from '../../lib/model/ids.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { VolumeView } from '../../lib/model/request.ts'
import type { Volume, VolumeSpec } from '../../lib/model/volume.ts'
import type { SourcePlace } from '../../lib/model/volume-source.ts'
import { allowsMultiattach } from '../../lib/model/volume-type.ts'
import type { KnownType } from '../../lib/model/catalogue.ts'
import type { EdgeFailure } from './failure.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import type { Selection } from '../../lib/wire/cinder/item-list.ts'
import { type ListQuery, parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { volumeSummary } from '../../lib/wire/cinder/volume.ts'
import { selectVolumes, VOLUME_KEYS } from '../../lib/wire/cinder/volume-query.ts'
import { type CreateVolume, parseCreateVolume, parseUpdateVolume } from '../../lib/wire/cinder/volume-request.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { lookForHinted } from './hinted-volumes.ts'
import { locateForDisplay, locateVolume } from './locate.ts'
import { locateGroup } from './locate-group.ts'
import { operate } from './operate.ts'
import { pageFor } from './page.ts'
import { createRid, newVolumeId } from './request-names.ts'
import { wantedType } from './types.ts'
import { volumeBody, volumesBody } from './volume-json.ts'
import { listVolumes, partialHeaders, type VolumeList } from './volume-list.ts'
import { type FoundSource, locateSource } from './volume-source.ts'
import { hasZone } from './zones.ts'

export const volumeRoutes: readonly Route[] = [
  { method: 'POST', path: '/volumes', since: 0, action: 'volume:create', handle: create },
  {
    method: 'GET',
    path: '/volumes',
    since: 0,
    action: 'volume:get_all',
    handle: (edge, call) => list(edge, call, summariesBody, 'volumes'),
  },
  {
    method: 'GET',
    path: '/volumes/detail',
    since: 0,
    action: 'volume:get_all',
    handle: (edge, call) => list(edge, call, volumesBody, 'volumes/detail'),
  },
  { method: 'GET', path: '/volumes/summary', since: 12, action: 'volume:get_all', handle: summary },
  { method: 'GET', path: '/volumes/:id', since: 0, action: 'volume:get', handle: show },
  { method: 'PUT', path: '/volumes/:id', since: 0, action: 'volume:update', handle: update },
  { method: 'DELETE', path: '/volumes/:id', since: 0, action: 'volume:delete', handle: remove },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateVolume(call.body, call.microversion)
  if (!wanted.ok) return failed(wanted.failure)
  const source = await locateSource(edge, call, wanted.value.source)
  if (!source.ok) return source.isGone ? createdBefore(edge, call, source.failure) : failed(source.failure)
  const { type: typeName, zone } = wanted.value
  const { found } = source
  const type = await wantedType(edge, call, typeName ?? found?.typeId ?? null)
  if (!type.ok) return failed(type.failure)
  if (zone !== null && !hasZone(edge.service.manifest(), zone)) return failed({ code: 'zone-not-found', zone })
  const facts = found === null ? null : unlikeSource(wanted.value, found, type.type)
  if (facts !== null) return failed(facts)
  const group = await groupFor(edge, call, wanted.value, found, type.type)
  if (!group.ok) return failed(group.failure)
  const { hints } = wanted.value
  const unknown = await lookForHinted(edge, call, hints)
  if (unknown !== null) return failed(unknown)
  const spec = { ...specOf(edge, call, wanted.value, found, type.type), ...(group.at === null ? {} : { group: group.at.id }) }
  const sourceAt = found?.place ?? group.at?.place ?? null
  const asked = { rid: createRid(call), spec, bodyHash: bodyHash(wanted.value), sourceAt, hints }
  const { result } = await edge.service.ask({ kind: 'create', ...asked })
  return result.ok ? answer(202, volumeBody(withoutImage(asJustCreated(result.value)), call)) : failed(result.failure)
}

function specOf(edge: Edge, call: Call, wanted: CreateVolume, found: FoundSource | null, type: KnownType | null): VolumeSpec {
  const { name, description, zone, metadata } = wanted
  return {
    id: newVolumeId(call, edge.uuid),
    project: call.caller.project,
    user: call.caller.user,
    name,
    description,
    sizeGiB: wanted.sizeGiB ?? found?.sizeGiB ?? 1,
    zone,
    type: type?.name ?? null,
    typeId: type?.id ?? null,
    metadata,
    multiattach: allowsMultiattach(type),
    source: found?.source ?? null,
    createdAtMs: edge.clock(),
  }
}

interface FoundGroup {
  readonly id: GroupId
  readonly place: SourcePlace
}

type GroupFor = { readonly ok: true; readonly at: FoundGroup | null } | { readonly ok: false; readonly failure: EdgeFailure }

/** Looked up here for where it lies, and for a clear answer; whether it takes the volume its owner decides. */
async function groupFor(
  edge: Edge,
  call: Call,
  { group: text }: CreateVolume,
  source: FoundSource | null,
  type: KnownType | null,
): Promise<GroupFor> {
  if (text === undefined) return { ok: true, at: null }
  const located = await locateGroup(edge, call, text)
  if (!located.ok) return located
  const { id, owner, pool, status, holds } = located.group
  const refuse = (failure: EdgeFailure): GroupFor => ({ ok: false, failure })
  if (type === null || holds?.volumeTypes.includes(type.id) !== true)
    return refuse({ code: 'group-type', group: id, type: type?.name ?? null })
  if (owner === null || pool === null)
    return refuse({ code: 'group-status', group: id, action: 'create a volume in it', status, allowed: ['available'] })
  // Both would have to be the only pool that may take it.
  if (source !== null && source.place.pool !== pool)
    return refuse({ code: 'group-volume', group: id, volume: source.source.volume, why: { kind: 'elsewhere' } })
  return { ok: true, at: { id, place: { owner, pool } } }
}

/** A copy is no smaller than its source, and otherwise like it. */
function unlikeSource(wanted: CreateVolume, { source, sizeGiB, typeId, zone }: FoundSource, type: KnownType | null): EdgeFailure | null {
  const requestedGiB = wanted.sizeGiB ?? sizeGiB
  const id = source.kind === 'snapshot' ? source.snapshot : source.volume
  if (requestedGiB < sizeGiB) return { code: 'size-below-source', source: id, sizeGiB, requestedGiB }
  if (wanted.type !== null && type?.id !== typeId) return { code: 'source-type', type: wanted.type }
  return wanted.zone === null || wanted.zone === zone ? null : { code: 'source-zone', zone: wanted.zone, sourceZone: zone }
}

/** The source is gone; a repeat of a request that was done before gets its answer all the same. */
async function createdBefore(edge: Edge, call: Call, failure: EdgeFailure): Promise<Answer> {
  if (call.idempotencyKey === null) return failed(failure)
  const made = await locateVolume(edge, call, newVolumeId(call, edge.uuid))
  return made.ok ? answer(202, volumeBody(withoutImage(made.view.volume), call)) : failed(failure)
}

/** Over what the client asked for, not over who asked and when: a retry has an equal hash on every peer. */
function bodyHash(wanted: CreateVolume): string {
  return hashHex(canonicalJson(wanted))
}

/** As in Cinder: a create is answered with a volume that is being made, also when the next look will show that it found no room. */
function asJustCreated(volume: Volume): Volume {
  return volume.status === 'error' && volume.owner === null ? { ...volume, status: 'creating' } : volume
}

/** Cinder shows what a volume's image was like to those who look, and not to those who make or change it. */
function withoutImage(volume: Volume): Volume {
  const { imageMetadata, ...others } = volume
  return imageMetadata === undefined ? volume : others
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateForDisplay(edge, call, call.params['id'] ?? '')
  return found.ok ? answer(200, volumeBody(found.view.volume, call), ageHeaders(found.view)) : failed(found.failure)
}

/** What the standard body has no room for: how old the record is and whether its host answers. */
function ageHeaders(view: VolumeView): Readonly<Record<string, string>> {
  const hostStatus = { 'X-Scoria-Host-Status': view.hostStatus }
  return view.ageMs > AGE_MS_MAX ? hostStatus : { ...hostStatus, 'X-Scoria-Record-Age': (view.ageMs / 1000).toFixed(1) }
}

/** Beyond a year nothing is known of the age: the host was never heard. */
const AGE_MS_MAX = 365 * 24 * 3600 * 1000

type Body = (volumes: readonly Volume[], call: Call, rest: string) => string | Buffer

function summariesBody(volumes: readonly Volume[], call: Call, rest: string): string {
  return `{"volumes":${JSON.stringify(volumes.map((volume) => volumeSummary(volume, call.base)))}${rest}`
}

async function list(edge: Edge, call: Call, body: Body, collection: string): Promise<Answer> {
  const selected = await select(edge, call)
  if (!selected.ok) return selected.answer
  const { query, all, volumes } = selected
  const page = await pageFor(call, {
    ...volumes,
    all: all.volumes,
    query,
    kind: 'Volume',
    collection,
    find: (id) => listedVolume(edge, call, id, query.allTenants),
  })
  if (!page.ok) return page.answer
  const links = page.next === null ? '' : `,"volumes_links":${JSON.stringify(page.next)}`
  const count = query.withCount ? `,"count":${volumes.items.length}` : ''
  return answer(200, body(page.items, call, `${links}${count}}`), partialHeaders(all))
}

/** 3.12, with all metadata from 3.36. */
async function summary(edge: Edge, call: Call): Promise<Answer> {
  const selected = await select(edge, call)
  if (!selected.ok) return selected.answer
  const { all } = selected
  const volumes = selected.volumes.items
  const size = volumes.reduce((sum, volume) => sum + volume.sizeGiB, 0)
  const totals = { total_size: size, total_count: volumes.length }
  return answer(
    200,
    { 'volume-summary': call.microversion >= 36 ? { ...totals, metadata: allMetadata(volumes) } : totals },
    partialHeaders(all),
  )
}

type Selected =
  | { readonly ok: true; readonly query: ListQuery; readonly all: VolumeList; readonly volumes: Selection<Volume> }
  | { readonly ok: false; readonly answer: Answer }

async function select(edge: Edge, call: Call): Promise<Selected> {
  const query = parseListQuery(call.query, VOLUME_KEYS, askerOf(call))
  if (!query.ok) return { ok: false, answer: failed(query.failure) }
  const all = await listVolumes(edge, call, query.value.allTenants)
  const volumes = selectVolumes(all.volumes, query.value, call.microversion)
  return volumes.ok ? { ok: true, query: query.value, all, volumes: volumes.value } : { ok: false, answer: failed(volumes.failure) }
}

/** One that is in the caller's list, but not yet at this peer. */
async function listedVolume(edge: Edge, call: Call, id: string, allTenants: boolean): Promise<Result<Volume>> {
  const found = await locateVolume(edge, call, id)
  if (!found.ok) return found
  const { volume } = found.view
  return allTenants || volume.project === call.caller.project
    ? { ok: true, value: volume }
    : { ok: false, failure: { code: 'volume-not-found', volume: volume.id } }
}

/** Each key with the values it has anywhere, sorted. */
function allMetadata(volumes: readonly Volume[]): object {
  const values = new Map<string, Set<string>>()
  for (const { metadata } of volumes) {
    for (const [key, value] of Object.entries(metadata)) values.set(key, (values.get(key) ?? new Set()).add(value))
  }
  return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, set]) => [key, [...set].sort()]))
}

async function update(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseUpdateVolume(call.body, call.microversion)
  if (!wanted.ok) return failed(wanted.failure)
  const done = await operate(edge, call, call.params['id'] ?? '', { kind: 'update', ...wanted.value })
  return done.ok ? answer(200, volumeBody(withoutImage(done.volume), call)) : failed(done.failure)
}

/** With `cascade` its snapshots go too. `force` came with 3.23. */
async function remove(edge: Edge, call: Call): Promise<Answer> {
  const force = call.microversion >= 23 && isTrueWord(call.query['force'])
  if (force && !call.caller.isAdmin) return failed({ code: 'forbidden', action: 'volume:force_delete' })
  const cascade = isTrueWord(call.query['cascade']) ? { cascade: true } : {}
  const done = await operate(edge, call, call.params['id'] ?? '', { kind: 'delete', force, ...cascade })
  return done.ok ? answer(202, null) : failed(done.failure)
}
