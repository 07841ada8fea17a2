/**
 * All volumes of a project: what the logs show, and what only the project's register knows yet.
 *
 * An open grant is a volume that is being made, a request without room is a volume in `error`; both were answered 202
 * and must be in every list from then on. Each id appears once, and the log's record wins, except for what its host
 * cannot say (shown-volume.ts). Without a majority the list is what this peer has seen, and says so.
 */
import type { Failure } from '../../lib/model/failure.ts'
import { isGroup } from '../../lib/model/group.ts'
import type { ProjectId } from '../../lib/model/ids.ts'
import { grantedVolume as grantedAsVolume, unplacedAsVolume } from '../../lib/flows/shape.ts'
import type { Binding, LedgerContents } from '../../lib/model/ledger.ts'
import { zoneOf } from '../../lib/model/manifest.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { newestFirst } from '../../lib/wire/cinder/item-list.ts'
import type { Call, Edge } from './call.ts'
import { ERRORS } from './errors.ts'
import { shownVolumes } from './shown-volume.ts'

export interface VolumeList {
  /** Newest first. */
  readonly volumes: readonly Volume[]
  /** Why registers could not be read, or null if the list is complete. */
  readonly partial: Failure | null
  /** The registers that could be read. */
  readonly ledgers: readonly LedgerContents[]
}

/** Grants that are looked up one by one; beyond, they are shown as being made. */
export const LOOKUPS_MAX = 64

/** @param allProjects only for callers who may see them */
export function listVolumes(edge: Edge, call: Call, allProjects: boolean): Promise<VolumeList> {
  return listRecords(edge, call, allProjects, false)
}

/** The same of groups, which are records like those of volumes. */
export function listGroups(edge: Edge, call: Call, allProjects: boolean): Promise<VolumeList> {
  return listRecords(edge, call, allProjects, true)
}

async function listRecords(edge: Edge, call: Call, allProjects: boolean, areGroups: boolean): Promise<VolumeList> {
  const own = call.caller.project
  const projects = allProjects ? [...new Set([...edge.service.projects(), own])] : [own]
  // Register first, view after: what is folded out of the one in between is in the other.
  const ledgers = await Promise.all(projects.map((project) => edge.ledgers.read(project)))
  const partial = ledgers.find((ledger) => !ledger.ok)
  const contents = ledgers.flatMap((ledger) => (ledger.ok ? [ledger.value] : []))
  const pending = (await pendingVolumes(edge, contents)).filter((record) => isGroup(record) === areGroups)
  const { service } = edge
  const views = areGroups ? service.groups(allProjects ? null : own) : service.volumes(allProjects ? null : own)
  const seen = views.map((view) => view.volume)
  const known = pending.length === 0 ? null : new Set(seen.map((volume) => volume.id))
  const added = pending.filter((volume) => known !== null && !known.has(volume.id))
  const all = added.length === 0 ? seen : [...added, ...seen].sort(newestFirst)
  return {
    volumes: shownVolumes(edge.service.manifest(), all, contents),
    partial: partial !== undefined && !partial.ok ? partial.failure : null,
    ledgers: contents,
  }
}

/** Says that a list holds only what this peer has seen, and why. */
export function partialHeaders(all: Pick<VolumeList, 'partial'>): Readonly<Record<string, string>> {
  return all.partial === null ? {} : { 'X-Scoria-Partial': ERRORS[all.partial.code].name }
}

/** Volumes that no log shows here yet. */
async function pendingVolumes(edge: Edge, ledgers: readonly LedgerContents[]): Promise<readonly Volume[]> {
  const grants = ledgers
    .flatMap((ledger) => ledger.bound)
    .filter((binding) => binding.spec !== null && edge.service.volume(binding.volume) === null)
  const unplaced = ledgers.flatMap((ledger) => ledger.unplaced.map(unplacedAsVolume))
  const granted = await Promise.all(
    grants.map((binding, index) => (index < LOOKUPS_MAX ? grantedVolume(edge, binding) : creatingVolume(edge, binding))),
  )
  return [...granted.filter((volume) => volume !== null), ...unplaced]
}

/** A grant stays open for a while after its volume was deleted: the owner knows. */
async function grantedVolume(edge: Edge, binding: Binding): Promise<Volume | null> {
  const project: ProjectId | null = binding.spec?.project ?? null
  const { result } = await edge.service.ask({ kind: 'find', project, volume: binding.volume, isOwn: true })
  if (result.ok) return result.value
  return result.failure.code === 'volume-not-found' ? null : creatingVolume(edge, binding)
}

function creatingVolume(edge: Edge, binding: Binding): Volume | null {
  return grantedAsVolume(binding, zoneOf(edge.service.manifest(), binding.host))
}
