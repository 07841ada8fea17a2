/**
 * Where a planted bug can get at the world: what it may put in the place of the right thing.
 *
 * The production code has no switch for any of this; a bug is wrapped around it from outside.
 */
import type { LedgerRules } from '../../../lib/ledger/rules.ts'
import type { Effect, PeerEvent, Step } from '../../../lib/flows/step.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import type { PeerId } from '../../../lib/model/ids.ts'
import type { Json } from '../../../lib/model/json.ts'
import { JournalDisk } from '../disk.ts'
import type { Judgement } from '../../../lib/wire/peer/judge.ts'
import { type ExportWatcher, FakeExports } from '../fakes/exports.ts'
import type { Network } from '../network.ts'

/** Which host, in which of its lives. */
export interface Life {
  readonly name: string
  readonly incarnation: number
  /** Its tables; null once it is over. */
  readonly peer: Peer | null
}

export type Entries = ReadonlyArray<readonly [string, Json]>

export interface Distortion {
  /** What a peer decides in its registers. */
  rules(rules: LedgerRules, self: PeerId, network: Network): LedgerRules
  /** What a peer reads from its journal at a start. */
  restored(entries: Entries): Entries
  /** What a peer is told of what happened. */
  event(event: PeerEvent, life: Life): PeerEvent
  /** Whether a message is taken. */
  judge(judgement: Judgement): Judgement
  /** What comes out of a step. */
  step(step: Step, event: PeerEvent, life: Life): Step
  /** Carried out before its batch is durable? */
  isEarly(effect: Effect): boolean
  journal(options: ConstructorParameters<typeof JournalDisk>[0]): JournalDisk
  exports(watcher: ExportWatcher): FakeExports
}

export interface Bug {
  /** As in the list of planted bugs (docs: reliability). */
  readonly number: number
  readonly title: string
  /** A fresh one for each seed: it may remember things. */
  distortion(): Distortion
}

/** Everything as it should be. */
export const UNDISTORTED: Distortion = {
  rules: (rules) => rules,
  restored: (entries) => entries,
  event: (event) => event,
  judge: (judgement) => judgement,
  step: (step) => step,
  isEarly: () => false,
  journal: (options) => new JournalDisk(options),
  exports: (watcher) => new FakeExports(watcher),
}
