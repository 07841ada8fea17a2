/**
 * Makes a volume that the register has bound to this host: C, backend, check, A; or clean up, E.
 *
 * A command whose outcome is unknown is looked after and never taken for failed; nothing but a tool's own refusal puts
 * a volume in error.
 */
import type { VolumeId } from '../../model/ids.ts'
import type { CopySource } from '../../model/volume-source.ts'
import type { BackendSource } from '../../ports/backend.ts'
import { beatSoon } from '../spread/beat.ts'
import { cancel, keepOwned, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { endMember, isMadeWithGroup } from './group-progress.ts'
import type { Owned } from './owned.ts'
import { settle } from './settle.ts'
import { backend, mayTryAgain, takeTrouble } from './work.ts'

const GIB = 1024 ** 3

export function backendVolume(owned: Owned, sizeGiB: number): { readonly id: VolumeId; readonly pool: string; readonly sizeBytes: number } {
  const pool = owned.volume.pool ?? ''
  return { id: owned.volume.id, pool: pool.slice(pool.indexOf('#') + 1), sizeBytes: sizeGiB * GIB }
}

/** C: the register has bound the request to this reservation. */
export function commitCreate(peer: Peer, out: Out, owned: Owned): void {
  cancel(out, `resolve/${owned.volume.id}`)
  const committed = keepOwned(peer, out, { ...owned, step: 'committed' })
  make(out, committed)
}

/** After a crash, or when it is not known how a command ended: look first. */
export function lookAtBuild(out: Out, owned: Owned): void {
  backend(out, owned.volume.id, 'build-look', { kind: 'inspect', volume: owned.volume.id })
}

export function onBuildTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned?.step === 'committed') lookAtBuild(out, owned)
}

export function onBuilt(peer: Peer, out: Out, owned: Owned, job: string, outcome: BackendOutcome, now: Now): void {
  switch (job) {
    case 'build':
      return onMade(peer, out, owned, outcome, now)
    case 'build-see':
      return onSeen(peer, out, owned, outcome, now)
    case 'build-look':
      return onLooked(peer, out, owned, outcome, now)
    default:
      // The clean-up after a failed create. What it may have left is removed again when the volume is deleted.
      return fail(peer, out, owned, now)
  }
}

/** Begins, or begins again: whatever is there already under its name is the same. */
export function make(out: Out, owned: Owned): void {
  const { id, project, rid, sizeGiB, source } = owned.volume
  const made = { volume: backendVolume(owned, sizeGiB), tags: { project, rid } }
  if (source === null) return backend(out, id, 'build', { kind: 'create', ...made })
  if (source.kind === 'existing') return backend(out, id, 'build', { kind: 'adopt', ...made, name: source.name })
  backend(out, id, 'build', { kind: 'copy', ...made, source: backendSource(source) })
}

function backendSource(source: CopySource): BackendSource {
  return source.kind === 'volume' ? source : { kind: 'snapshot', snapshot: { id: source.snapshot, volume: source.volume } }
}

function onMade(peer: Peer, out: Out, owned: Owned, outcome: BackendOutcome, now: Now): void {
  if (outcome.kind === 'ok') return become(peer, out, owned, now)
  if (outcome.kind === 'unknown') return lookAtBuild(out, owned)
  const { tool, detail } = outcome
  peer.troubles.set(owned.volume.id, { tool, detail })
  backend(out, owned.volume.id, 'build-see', { kind: 'inspect', volume: owned.volume.id })
}

/** What a failed create has left goes; what is larger was there before, and is not ours to take away. */
function onSeen(peer: Peer, out: Out, owned: Owned, outcome: BackendOutcome, now: Now): void {
  if (owned.volume.source?.kind === 'existing') return onSeenExisting(peer, out, owned, outcome, now)
  const { sizeBytes } = backendVolume(owned, owned.volume.sizeGiB)
  if (outcome.kind === 'ok' && outcome.value !== null && outcome.value.sizeBytes > sizeBytes) return fail(peer, out, owned, now)
  backend(out, owned.volume.id, 'build-clean', { kind: 'remove', volume: owned.volume.id })
}

/** Taken in after all; or not, and then nothing goes: a mark that was left on it is taken back. */
function onSeenExisting(peer: Peer, out: Out, owned: Owned, outcome: BackendOutcome, now: Now): void {
  const { id, sizeGiB } = owned.volume
  if (outcome.kind !== 'ok') return timer(out, `build/${id}`, peer.options.timings.retryMs)
  if (outcome.value?.sizeBytes === backendVolume(owned, sizeGiB).sizeBytes) return become(peer, out, owned, now)
  backend(out, id, 'build-clean', { kind: 'release', volume: id })
}

function onLooked(peer: Peer, out: Out, owned: Owned, outcome: BackendOutcome, now: Now): void {
  const wanted = backendVolume(owned, owned.volume.sizeGiB)
  if (outcome.kind === 'ok' && outcome.value?.sizeBytes === wanted.sizeBytes) return become(peer, out, owned, now)
  if (outcome.kind === 'ok' && mayTryAgain(peer, `build/${owned.volume.id}`)) return make(out, owned)
  // Nothing can be seen, or it stays away however often it is made: wait, and look again. It is not in error.
  timer(out, `build/${owned.volume.id}`, peer.options.timings.retryMs)
}

/** A: it is there, at its size. */
function become(peer: Peer, out: Out, owned: Owned, now: Now): void {
  peer.tries.delete(`build/${owned.volume.id}`)
  const { volume } = owned
  if (isMadeWithGroup(peer, owned)) return endMember(peer, out, owned, 'made', now)
  const source = volume.source?.kind === 'existing' ? null : volume.source
  publishOwned(peer, out, { ...owned, step: 'built', volume: { ...volume, source, status: 'available' } }, now)
  settle(peer, out, volume.project, volume.rid)
  beatSoon(peer, out)
}

function fail(peer: Peer, out: Out, owned: Owned, now: Now): void {
  const trouble = takeTrouble(peer, owned.volume.id) ?? { tool: 'backend', detail: '' }
  if (isMadeWithGroup(peer, owned)) return endMember(peer, out, owned, trouble, now)
  const step = owned.volume.source?.kind === 'existing' ? 'manage' : 'create'
  const failure = { kind: 'backend', step, ...trouble } as const
  publishOwned(peer, out, { ...owned, step: 'failed', volume: { ...owned.volume, status: 'error', failure } }, now)
  settle(peer, out, owned.volume.project, owned.volume.rid)
  beatSoon(peer, out)
}
