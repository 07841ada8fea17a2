/** Lists of what lies in one pool and could be managed, and of what is managed there already: in pages, by size or by name. */
import { compareText } from '../../lib/model/ids.ts'
import { type PageQuery, parsePageQuery } from '../../lib/wire/cinder/list-query.ts'
import { type Manageable, manageableBody } from '../../lib/wire/cinder/manageable.ts'
import { type Answer, answer, type Call, type Edge, failed } from './call.ts'
import { pageFor } from './page.ts'
import { lookAtPool, type LookedWell } from './pool-look.ts'

interface ManageableList {
  /** What a person calls one of them. */
  readonly kind: string
  /** In the body. */
  readonly key: 'manageable-volumes' | 'manageable-snapshots'
  /** The path that a next page is asked at. */
  readonly collection: string
  readonly isDetailed: boolean
  rowsIn(looked: LookedWell): readonly Manageable[]
}

const SORTS = ['size', 'reference']

export async function listManageable(
  edge: Edge,
  call: Call,
  { kind, key, collection, isDetailed, rowsIn }: ManageableList,
): Promise<Answer> {
  const query = parsePageQuery(call.query, SORTS)
  if (!query.ok) return failed(query.failure)
  const { host } = call.query
  if (host === undefined || host === '')
    return failed({ code: 'bad-query', parameter: 'host', rule: 'must name a pool: host@backend#pool' })
  const looked = await lookAtPool(edge, host)
  if (!looked.ok) return failed(looked.failure)
  const all = rowsIn(looked)
  const compare = orderOf(query.value)
  const page = await pageFor(call, { all, items: all.toSorted(compare), compare, query: query.value, kind, collection })
  return page.ok ? answer(200, { [key]: page.items.map((item) => manageableBody(item, isDetailed)) }) : page.answer
}

function orderOf({ sorts }: PageQuery): (a: Manageable, b: Manageable) => number {
  const keys = [...sorts, { key: 'reference', direction: 'asc' as const }]
  return (a, b) => {
    for (const { key, direction } of keys) {
      const order = key === 'size' ? a.sizeGiB - b.sizeGiB : compareText(a.id, b.id)
      if (order !== 0) return direction === 'asc' ? order : -order
    }
    return 0
  }
}
