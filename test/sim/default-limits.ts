/** An admin who changes what projects without limits of their own may have; and what everybody may have had at most. */
import { CLUSTER_PROJECT, requestId } from '../../lib/model/ids.ts'
import { hashHex } from '../../lib/model/hash.ts'
import type { Limits } from '../../lib/model/quota.ts'
import { DEFAULT_CLASS } from '../../lib/model/quota-class.ts'
import type { ClientRequest } from '../../lib/model/request.ts'
import type { Counted, LimitWishes } from './history.ts'
import type { Random } from './random.ts'

/** One limit at a time, sometimes of a class that nobody is in. */
export function drawDefaultLimit(random: Random): ClientRequest {
  const rid = requestId(hashHex('rid', CLUSTER_PROJECT, random.hex(8)).slice(0, 32))
  const limits = random.pick<Partial<Limits>>([
    { volumes: random.between(1, 8) },
    { snapshots: random.between(0, 6) },
    { gigabytes: random.between(5, 60) },
  ])
  const name = random.chance(0.9) ? DEFAULT_CLASS : 'gold'
  return { kind: 'types', change: { kind: 'set-quota-class', name, rid, limits } }
}

/** The most that may have been granted: whoever asked may have got what was asked for, or what was there before. */
export function loosest(founding: Limits, wishes: LimitWishes): Limits {
  const most = (resource: Counted): number =>
    founding[resource] < 0 ? founding[resource] : Math.max(founding[resource], ...wishes[resource].map(({ value }) => value))
  return { ...founding, volumes: most('volumes'), snapshots: most('snapshots'), gigabytes: most('gigabytes') }
}
