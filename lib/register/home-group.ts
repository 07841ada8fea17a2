/**
 * Who keeps a project's register: the top voters of the manifest by rendezvous hash of the project.
 *
 * Voters are counted as the manifest names them, alive or not: two peers with one manifest name the same group.
 */
import { hashHex } from '../model/hash.ts'
import { compareText, type PeerId, type ProjectId } from '../model/ids.ts'
import { type Manifest, votersOf } from '../model/manifest.ts'

/** 5 where there are 5 voters or more, 3 for 3 or 4, else 1. */
export function groupSize(voters: number): 0 | 1 | 3 | 5 {
  if (voters >= 5) return 5
  if (voters >= 3) return 3
  return voters === 0 ? 0 : 1
}

export function majorityOf(members: number): number {
  return Math.floor(members / 2) + 1
}

/** Members of the project's home group, the preferred proposer first. */
export function homeGroup(manifest: Manifest, project: ProjectId): readonly PeerId[] {
  return groupOf(manifest.cluster, votersOf(manifest), project)
}

/** Members of its group before the last step; null if that step is done. */
export function formerGroup({ cluster, voting }: Manifest, project: ProjectId): readonly PeerId[] | null {
  return voting.former === null ? null : groupOf(cluster, voting.former, project)
}

function groupOf(cluster: string, voters: readonly PeerId[], project: ProjectId): readonly PeerId[] {
  const scored = voters.map((peer) => ({ peer, score: hashHex('home', cluster, project, peer) }))
  scored.sort((a, b) => compareText(b.score, a.score) || compareText(a.peer, b.peer))
  return scored.slice(0, groupSize(voters.length)).map(({ peer }) => peer)
}
