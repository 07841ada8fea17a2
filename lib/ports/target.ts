/**
 * Exports volumes over iSCSI: one target per attachment, LUN 1, CHAP, one initiator name.
 *
 * `expose` and `fence` are idempotent by IQN. A target that `list` shows is one that an initiator might log in to. One that
 * was exposed here and has been damaged since, so that it is not as its specification says, is not shown: its owner takes
 * it for missing, and `expose` with the same specification mends it.
 */
import type { AbortSignalLike } from './backend.ts'
import type { Outcome } from './outcome.ts'

export interface ExportSpec {
  readonly iqn: string
  readonly lun: number
  readonly devicePath: string
  /** The only initiator name that gets in. */
  readonly initiator: string
  readonly username: string
  /** 12 to 16 characters. Never logged. */
  readonly password: string
  readonly readOnly: boolean
}

export interface Target {
  /** `ip:port` that initiators connect to. */
  readonly portal: string
  /** Whether who is logged in sees a volume's new size when it looks again, once `expose` was repeated. */
  readonly followsGrowth: boolean
  /** After `ok` the initiator can log in, nobody else can. Repeating it with an equal spec changes nothing else and cuts no session. */
  expose(spec: ExportSpec, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * Cuts the export off: access list off, CHAP account gone, every session and connection closed (asked until empty
   * twice), target gone. After `ok` no byte can pass and nobody can log in. A target that is not there is `ok`.
   */
  fence(iqn: string, signal: AbortSignalLike): Promise<Outcome<void>>
  /** IQNs of this project's naming that exist now, sorted; half-made ones too, but not those that are known to be damaged. */
  list(signal: AbortSignalLike): Promise<Outcome<readonly string[]>>
}
