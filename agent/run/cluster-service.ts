/** The `Service` of a running peer: what the REST edge sees of it. */
import { isGroup } from '../../lib/model/group.ts'
import type { AttachmentId, GroupSnapshotId, PeerId, ProjectId, SnapshotId, TransferId, VolumeId } from '../../lib/model/ids.ts'
import { compareText, isReservedProject } from '../../lib/model/ids.ts'
import type { VolumeView } from '../../lib/model/request.ts'
import { rank } from '../../lib/placement/rank.ts'
import { effectiveDefaults, effectiveGroupTypes, effectiveLimits, effectiveQos, effectiveServices } from '../../lib/model/catalogue.ts'
import { placeRequest } from '../../lib/flows/coordinator/place.ts'
import { typesOf } from '../../lib/flows/spread/catalogue.ts'
import { knownHosts, knownPools } from '../../lib/flows/spread/beat.ts'
import type { Now } from '../../lib/flows/step.ts'
import type { Peer } from '../../lib/flows/tables.ts'
import { type KnownVolume, newestFirst, volumesOf } from '../../lib/replica/view.ts'
import type { Runner } from './runner.ts'
import type { ReplyTo, Service } from './service.ts'

export function createService(peer: Peer, runner: Pick<Runner, 'ask'>, now: () => Now): Service {
  const { view } = peer

  const isUp = (owner: PeerId): boolean => owner === peer.self || peer.connections.get(owner)?.state === 'up'
  const show = ({ volume, owner }: KnownVolume, { monoMs }: Now): VolumeView => {
    const heard = owner === peer.self ? undefined : peer.beats.get(owner)
    const ageMs = owner === peer.self ? 0 : heard === undefined ? Number.MAX_SAFE_INTEGER : monoMs - heard.monoMs
    return { volume, hostStatus: isUp(owner) ? 'up' : heard === undefined ? 'unknown' : 'down', ageMs }
  }
  const volume = (id: VolumeId): VolumeView | null => {
    const known = view.volumes.get(id)
    return known === undefined ? null : show(known, now())
  }

  const records = (project: ProjectId | null, areGroups: boolean): readonly VolumeView[] => {
    const known = project === null ? [...view.volumes.values()].sort(newestFirst) : volumesOf(view, project)
    const at = now()
    return known.filter((one) => isGroup(one.volume) === areGroups).map((one) => show(one, at))
  }

  return {
    ask: (request) => runner.ask(request) as Promise<ReplyTo<typeof request>>,
    volume,
    volumeOfAttachment(id: AttachmentId) {
      const of = view.attachments.get(id)
      return of === undefined ? null : volume(of)
    },
    volumeOfSnapshot(id: SnapshotId) {
      const of = view.snapshots.get(id)
      return of === undefined ? null : volume(of)
    },
    volumeOfTransfer(id: TransferId) {
      const of = view.transfers.get(id)
      return of === undefined ? null : volume(of)
    },
    groupOfSnapshot(id: GroupSnapshotId) {
      const of = view.groupSnapshots.get(id)
      return of === undefined ? null : volume(of)
    },
    volumes: (project) => records(project, false),
    groups: (project) => records(project, true),
    hosts: () => knownHosts(peer, now()),
    pools: () => knownPools(peer, now()),
    explain: (request) => rank(knownPools(peer, now()), placeRequest(peer, request), peer.options.placement),
    manifest: () => peer.options.manifest,
    types: () => typesOf(peer),
    defaultTypes: () => effectiveDefaults(peer.catalogue.entries),
    limitsOfClass: (name) => effectiveLimits(peer.options.manifest.limits, peer.catalogue.entries, name),
    services: () => effectiveServices(peer.catalogue.entries),
    groupTypes: () => effectiveGroupTypes(peer.catalogue.entries),
    qosSpecs: () => effectiveQos(peer.catalogue.entries),
    self: () => peer.self,
    projects() {
      const all = new Set([...peer.acceptors.keys(), ...view.projects.keys()])
      return [...all].filter((project) => !isReservedProject(project)).sort(compareText)
    },
  }
}
