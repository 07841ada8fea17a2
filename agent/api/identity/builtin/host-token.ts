/**
 * The token by which root on a host may do what an admin may, at this host's agent alone: how the first users come to be,
 * and the way back in for whoever has locked himself out.
 *
 * New at each start, in a file that only the agent's user reads. Whoever can read it can do worse with the volumes
 * themselves.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '../../../../lib/model/secret.ts'
import { tokenHashOf } from './token-text.ts'

export interface HostToken {
  readonly text: Secret
  is(text: string): boolean
}

const BYTES = 32

export function newHostToken(): HostToken {
  const text = new Secret(`scoria_host_${randomBytes(BYTES).toString('base64url')}`)
  const hash = Buffer.from(tokenHashOf(text.reveal()))
  return { text, is: (other) => timingSafeEqual(Buffer.from(tokenHashOf(other)), hash) }
}
