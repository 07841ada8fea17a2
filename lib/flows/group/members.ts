/** Members of a project's home group by the manifest that holds, remembered: they are asked for with every message. */
import type { PeerId, ProjectId } from '../../model/ids.ts'
import { formerGroup, homeGroup } from '../../register/home-group.ts'
import type { Peer } from '../tables.ts'

export function membersOf(peer: Peer, project: ProjectId): readonly PeerId[] {
  const known = peer.groups.get(project)
  if (known !== undefined) return known
  const members = homeGroup(peer.options.manifest, project)
  peer.groups.set(project, members)
  return members
}

/** Members before the step that is under way; null if none is. */
export function formerMembersOf(peer: Peer, project: ProjectId): readonly PeerId[] | null {
  return formerGroup(peer.options.manifest, project)
}
