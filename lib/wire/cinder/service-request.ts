/** Bodies of `os-services/enable` and its kin: which service, and for a disable why. */
import Type from 'typebox'
import { accepted, type Parsed, refused, shape } from './input.ts'

const Host = Type.String({ minLength: 1, maxLength: 255 })
const Binary = Type.Optional(Type.String({ minLength: 1, maxLength: 255 }))
const whichShape = shape(Type.Object({ host: Host, binary: Binary, service: Binary }))
const reasonShape = shape(
  Type.Object({ host: Host, binary: Binary, service: Binary, disabled_reason: Type.String({ minLength: 1, maxLength: 255 }) }),
)
const hostShape = shape(Type.Object({ host: Host }))

/** As JSON Schema, for the description of the API. */
export const SERVICE_BODIES = { which: whichShape, reason: reasonShape, host: hostShape }

export interface WantedService {
  /** `host` or `host@backend`. */
  readonly host: string
  readonly binary: string
  readonly reason: string | null
}

export function parseService(body: unknown): Parsed<WantedService> {
  const parsed = whichShape.parse(body)
  return parsed.ok ? wanted(parsed.value, null) : parsed
}

export function parseServiceReason(body: unknown): Parsed<WantedService> {
  const parsed = reasonShape.parse(body)
  return parsed.ok ? wanted(parsed.value, parsed.value.disabled_reason.trim()) : parsed
}

/** Freezing and thawing is for volume services alone. */
export function parseServiceHost(body: unknown): Parsed<string> {
  const parsed = hostShape.parse(body)
  return parsed.ok ? accepted(parsed.value.host) : parsed
}

/** `service` is the older name of `binary`. */
interface Written {
  readonly host: string
  readonly binary?: string
  readonly service?: string
}

function wanted({ host, binary, service }: Written, reason: string | null): Parsed<WantedService> {
  const name = binary ?? service
  if (name === undefined) return refused({ code: 'missing-key', path: '', keys: ['binary'] })
  return accepted({ host, binary: name, reason })
}
