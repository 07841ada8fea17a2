/**
 * Passwords and the secrets of application credentials: kept as scrypt makes them, each with a salt and its costs.
 *
 * One at a time: it takes a core and 32 MiB for a tenth of a second, on a thread that the journal needs too. Who comes
 * when many wait already is told to come again.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

export interface Passwords {
  /** Null: too many wait. */
  hash(password: string): Promise<string | null>
  /**
   * @param stored null for somebody who has none, or is nobody: it takes as long, so that it does not tell them apart
   * @returns null: too many wait
   */
  isRight(password: string, stored: string | null): Promise<boolean | null>
}

/** Of those that OWASP's cheat sheet on password storage gives as equal: N = 2^15, r = 8, p = 3. */
const COSTS = { logN: 15, r: 8, p: 3 } as const
const LOG_N_MAX = 20
const SALT_BYTES = 16
const KEY_BYTES = 32
const BYTES_MAX = 256 * 1024 * 1024
const FORM = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/

interface Costs {
  readonly logN: number
  readonly r: number
  readonly p: number
}

export function createPasswords(waitingMax: number): Passwords {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()

  async function inTurn<Value>(work: () => Promise<Value>): Promise<Value | null> {
    if (waiting >= waitingMax) return null
    waiting += 1
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      waiting -= 1
    }
  }

  return {
    hash(password) {
      const salt = randomBytes(SALT_BYTES)
      return inTurn(async () => {
        const key = await keyOf(password, salt, COSTS)
        return `scrypt$${COSTS.logN}$${COSTS.r}$${COSTS.p}$${salt.toString('base64url')}$${key.toString('base64url')}`
      })
    },
    isRight(password, stored) {
      const known = stored === null ? null : parse(stored)
      return inTurn(async () => {
        const key = await keyOf(password, known?.salt ?? randomBytes(SALT_BYTES), known ?? COSTS)
        return known !== null && timingSafeEqual(key, known.key)
      })
    },
  }
}

function parse(stored: string): (Costs & { readonly salt: Buffer; readonly key: Buffer }) | null {
  const [, logN, r, p, salt, key] = FORM.exec(stored) ?? []
  if (salt === undefined || key === undefined || Number(logN) > LOG_N_MAX) return null
  return { logN: Number(logN), r: Number(r), p: Number(p), salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') }
}

function keyOf(password: string, salt: Buffer, { logN, r, p }: Costs): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { N: 2 ** logN, r, p, maxmem: BYTES_MAX }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
