/** Body of `os-services/failover_host`: of which host. */
import Type from 'typebox'
import { accepted, type Parsed, shape } from './input.ts'

export const FAILOVER_BODY = shape(Type.Object({ host: Type.String({ minLength: 1, maxLength: 255 }) }))

export function parseFailover(body: unknown): Parsed<string> {
  const parsed = FAILOVER_BODY.parse(body)
  return parsed.ok ? accepted(parsed.value.host) : parsed
}
