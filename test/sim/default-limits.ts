/** An admin who changes what projects without limits of their own may have; and what everybody may have had at most. */
import { CLUSTER_PROJECT, requestId } from '../../lib/model/ids.ts'
import { hashHex } from '../../lib/model/hash.ts'
import type { Limits } from '../../lib/model/quota.ts'
import { DEFAULT_CLASS } from '../../lib/model/quota-class.ts'
import type { ClientRequest } from '../../lib/model/request.ts'
import { flatLimits } from './flat-limits.ts'
import { FOUNDING_TYPES } from './founding.ts'
import type { LimitWishes } from './history.ts'
import type { Random } from './random.ts'

/** One limit at a time, sometimes of a class that nobody is in. */
export function drawDefaultLimit(random: Random): ClientRequest {
  const rid = requestId(hashHex('rid', CLUSTER_PROJECT, random.hex(8)).slice(0, 32))
  const ofAll = random.pick<Partial<Limits>>([
    { volumes: random.between(1, 8) },
    { snapshots: random.between(0, 6) },
    { gigabytes: random.between(5, 60) },
  ])
  const name = random.chance(0.9) ? DEFAULT_CLASS : 'gold'
  const own = random.split(rid)
  const limits = own.chance(0.4) ? { types: { [own.pick(FOUNDING_TYPES).id]: ofAll } } : ofAll
  return { kind: 'types', change: { kind: 'set-quota-class', name, rid, limits } }
}

/** Few of each founding type. */
export function drawTypeLimits(random: Random): Pick<Limits, 'types'> {
  const types = FOUNDING_TYPES.map(({ id }) => {
    const gigabytes = random.chance(0.5) ? random.between(5, 30) : -1
    return [id, { volumes: random.between(1, 3), snapshots: random.between(0, 3), gigabytes }] as const
  })
  return { types: Object.fromEntries(types) }
}

/** The most that may have been granted: whoever asked may have got what was asked for, or what was there before. By name. */
export function loosest(founding: Limits, wishes: LimitWishes): ReadonlyMap<string, number> {
  const most = flatLimits(founding).map(([name, limit]) => {
    const wanted = (wishes.get(name) ?? []).map(({ value }) => value)
    return [name, limit < 0 ? limit : Math.max(limit, ...wanted)] as const
  })
  return new Map(most)
}
