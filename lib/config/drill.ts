/**
 * Faults that a `none` backend makes on purpose, to rehearse them: part by part in percent of its calls.
 *
 * Which call they meet comes from a seed. The backend keeps what it made in a file then, so that a restart does not
 * forget it, as disks do not.
 */
import Type from 'typebox'

const part = Type.Integer({ minimum: 0, maximum: 100, default: 0, description: 'a whole percentage from 0 to 100' })

export const drillSchema = Type.Object({
  seed: Type.String({ minLength: 1, maxLength: 100, description: 'a text of 1 to 100 characters' }),
  file: Type.String({ pattern: '^/', description: 'an absolute path' }),
  /** Refused, and nothing was done. */
  failBeforePercent: part,
  /** Done, and reported as refused. */
  failAfterPercent: part,
  /** Nobody says how it ended: half of them are done. */
  unknownPercent: part,
  /** No answer within the time limit: half of them are done after it, the others never. */
  hangPercent: part,
  /** Takes up to `slowMsMax`, and is then done. */
  slowPercent: part,
  slowMsMax: Type.Integer({ minimum: 1, maximum: 600_000, default: 2000, description: 'a whole number from 1 to 600000' }),
})

export interface Drill {
  readonly seed: string
  readonly file: string
  readonly failBeforePercent: number
  readonly failAfterPercent: number
  readonly unknownPercent: number
  readonly hangPercent: number
  readonly slowPercent: number
  readonly slowMsMax: number
}
