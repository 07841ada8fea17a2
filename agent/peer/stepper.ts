/**
 * Ends steps of the voting, on the host that holds the cluster's key: once the registers have moved, the former voters are
 * taken out of the manifest, and the next step may come.
 *
 * A former voter says in its beats under which voting epoch it is and how many of its registers have still to move. When
 * all but so few have said "none" that each former group has a majority among those who have, every register that was
 * ever decided is with a majority of its present group: whatever was decided lay on one of those.
 */
import type { HostView } from '../../lib/model/host.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import { hostName, type Manifest } from '../../lib/model/manifest.ts'
import { stepDone } from '../../lib/model/manifest-steps.ts'
import { canSpare } from '../../lib/register/going.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { ManifestChanges } from './manifest-changes.ts'

export interface StepperOptions {
  /** Null on every host that does not hold the cluster's key: it ends no steps. */
  readonly changes: ManifestChanges | null
  readonly manifest: () => Manifest
  readonly hosts: () => readonly HostView[]
  readonly log: Log
}

export interface Stepper {
  start(): void
  /** Looks once; resolves with whether a step was ended. @throws if the manifest could not be stored */
  look(): Promise<boolean>
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 1000
/** A step that takes long is worth a line now and then: somebody may have to be started. */
const LOOKS_BETWEEN_LINES = 60

/** Former voters who have not said yet that all their registers have moved; sorted as the manifest has them. */
export function unmovedVoters({ voting }: Manifest, hosts: readonly HostView[]): readonly PeerId[] {
  const moved = new Set(
    hosts.filter(({ beat }) => beat !== null && beat.voting === voting.epoch && beat.pending === 0).map(({ peer }) => peer),
  )
  return (voting.former ?? []).filter((peer) => !moved.has(peer))
}

/** True if a step is under way and may be ended. A host that is lost has said nothing. */
export function isStepDone(manifest: Manifest, hosts: readonly HostView[]): boolean {
  const { former } = manifest.voting
  return former !== null && canSpare(former, unmovedVoters(manifest, hosts).length)
}

export function createStepper({ changes, manifest, hosts, log }: StepperOptions): Stepper {
  let looking: NodeJS.Timeout | null = null
  let looks = 0

  const look = async (): Promise<boolean> => {
    if (changes === null || manifest().voting.former === null) {
      looks = 0
      return false
    }
    if (!isStepDone(manifest(), hosts())) {
      looks += 1
      if (looks % LOOKS_BETWEEN_LINES === 0) noteWaiting()
      return false
    }
    const changed = await changes.change<never>((current, prev) =>
      isStepDone(current, hosts()) ? { kind: 'next', manifest: stepDone(current, prev) } : { kind: 'unchanged' },
    )
    if (!changed.ok || !changed.isNew) return false
    log.info('voting-step-done', { voting: changed.manifest.voting.epoch, epoch: changed.manifest.epoch })
    return true
  }

  const noteWaiting = (): void => {
    const current = manifest()
    const waitsFor = unmovedVoters(current, hosts()).map((peer) => hostName(current, peer))
    log.warn('voting-step-waits', { voting: current.voting.epoch, waitsFor, remedy: 'start the agents of these hosts' })
  }

  return {
    look,
    start() {
      // A look that failed is followed by another; the manifest that holds is the one before.
      looking ??= setInterval(() => void look().catch((error: unknown) => log.error('voting-step-failed', { error })), LOOK_EVERY_MS)
    },
    async stop() {
      if (looking !== null) clearInterval(looking)
      looking = null
      await changes?.idle()
    },
  }
}
