/**
 * Hosts that go: the changes of the manifest that an operator asks for by name, signed on the host with the cluster's key.
 *
 * What may follow what is decided in lib/register/going.ts. Whether a host that drains is empty it says itself, in its beats.
 */
import { type HostView, isDrained } from '../../lib/model/host.ts'
import type { Manifest } from '../../lib/model/manifest.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { MemberChange, MemberProblem, Membership } from '../../lib/ports/membership.ts'
import { type Going, nextOfLeaving, nextOfLosing } from '../../lib/register/going.ts'
import { type Change, type ManifestChanges, manifestHash } from './manifest-changes.ts'

export interface MembershipOptions {
  /** Null on every host that does not hold the cluster's key. */
  readonly changes: ManifestChanges | null
  readonly manifest: () => Manifest
  readonly hosts: () => readonly HostView[]
  readonly log: Log
}

export function createMembership({ changes, manifest, hosts, log }: MembershipOptions): Membership {
  const perform = async (
    what: string,
    name: string,
    isDryRun: boolean,
    going: (manifest: Manifest, prev: string) => Going,
  ): Promise<MemberChange> => {
    const decide = (current: Manifest, prev: string): Change<MemberProblem> => {
      const next = going(current, prev)
      return next.kind === 'refused' ? { kind: 'refused', refusal: next.problem } : next
    }
    // Anybody can say what would become of it; the key is needed to make it so.
    if (isDryRun) {
      const current = manifest()
      const change = decide(current, manifestHash(current))
      if (change.kind === 'refused') return { ok: false, problem: change.refusal }
      return { ok: true, manifest: change.kind === 'next' ? change.manifest : current }
    }
    if (changes === null) return { ok: false, problem: { kind: 'no-cluster-key' } }
    const changed = await changes.change(decide)
    if (!changed.ok) return { ok: false, problem: changed.refusal }
    if (changed.isNew) log.info(what, { host: name, epoch: changed.manifest.epoch, voting: changed.manifest.voting.epoch })
    return { ok: true, manifest: changed.manifest }
  }
  const isEmpty = (name: string): boolean => hosts().some((host) => host.name === name && isDrained(host))
  return {
    leave: (name, isDryRun) => perform('host-leaves', name, isDryRun, (current, prev) => nextOfLeaving(current, name, isEmpty(name), prev)),
    lose: (name, isDryRun) => perform('host-lost', name, isDryRun, (current, prev) => nextOfLosing(current, name, prev)),
  }
}
