/**
 * QoS specs: named limits that admins put on volume types.
 *
 * Those for the front end go to who attaches a volume, with the connection; he keeps to them. Those for the back end are
 * kept and shown: no pool holds anybody to them.
 */
import type { RequestId } from './ids.ts'

export type QosConsumer = 'front-end' | 'back-end' | 'both'

export interface QosSpecs {
  /** UUID */
  readonly id: string
  readonly name: string
  readonly consumer: QosConsumer
  readonly specs: Readonly<Record<string, string>>
}

/** What the register says of one of them. */
export interface QosEntry extends QosSpecs {
  readonly kind: 'qos'
  readonly version: number
  readonly isGone: boolean
  /** Hash of the request that made it. Its id names the request. */
  readonly bodyHash: string
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

export type QosClaim = QosSpecs & Pick<QosEntry, 'bodyHash'>

/** Only what is there is changed; a spec that is null goes, and has to be there. */
export interface QosEdit {
  readonly consumer?: QosConsumer
  readonly specs?: Readonly<Record<string, string | null>>
}

/** What somebody wants done to QoS specs. What types have which is a change of the type. */
export type QosChange =
  | { readonly kind: 'claim-qos'; readonly claim: QosClaim }
  | { readonly kind: 'revise-qos'; readonly id: string; readonly rid: RequestId; readonly edit: QosEdit }
  /** `force`: also while types have it; they have none then. */
  | { readonly kind: 'release-qos'; readonly id: string; readonly rid: RequestId; readonly force: boolean }
  /** Takes it from all types. */
  | { readonly kind: 'free-qos'; readonly id: string; readonly rid: RequestId }

/** What grows with a volume, in Cinder's names: `…_per_gb`, at least `…_per_gb_min`, at most `…_max`. */
const RATES = ['read_iops_sec', 'read_bytes_sec', 'write_iops_sec', 'write_bytes_sec', 'total_iops_sec', 'total_bytes_sec'] as const
const WHOLE = /^\d{1,15}$/

/** What whoever attaches a volume of this size is told to keep to; null if it does not concern him. */
export function frontEndSpecs({ consumer, specs }: QosSpecs, sizeGiB: number): Readonly<Record<string, string>> | null {
  if (consumer === 'back-end') return null
  const told: Record<string, string> = { ...specs }
  for (const rate of RATES) {
    const { [`${rate}_per_gb`]: perGiB, [`${rate}_per_gb_min`]: least = '0', [`${rate}_max`]: most } = specs
    if (perGiB === undefined || ![perGiB, least, most ?? '0'].every((text) => WHOLE.test(text))) continue
    const grown = Math.max(Number(perGiB) * sizeGiB, Number(least))
    told[rate] = String(Math.min(grown, most === undefined ? grown : Number(most)))
    for (const spent of [`${rate}_per_gb`, `${rate}_per_gb_min`, `${rate}_max`]) delete told[spent]
  }
  return told
}
