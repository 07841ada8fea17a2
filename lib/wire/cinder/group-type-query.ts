/**
 * Which group types a list shows, and in which order: by name, for when one was made is not recorded. Who is no admin sees
 * the public ones, whatever he asks for.
 */
import type { GroupType } from '../../model/group-type.ts'
import { compareText } from '../../model/ids.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, type Selection, selectItems } from './item-list.ts'
import type { Asker, ListKeys, ListQuery } from './list-query.ts'
import { parsePublicFilter } from './type-request.ts'

const KIND: ItemKind<GroupType> = {
  fields: {
    id: ({ id }) => id,
    name: ({ name }) => name,
    description: ({ description }) => description,
    is_public: ({ isPublic }) => String(isPublic),
    created_at: () => null,
  },
  flags: [],
  times: [],
  tests: {},
  // Names are told apart.
  order: (a, b) => compareText(a.name, b.name),
}

/** Cinder has no row for them in its resource filters: what others may not filter by is dropped in every version. */
export const GROUP_TYPE_KEYS: ListKeys = {
  sorts: Object.keys(KIND.fields),
  allowed: ['is_public'],
  allowedBefore: ['is_public'],
  strictSince: Number.POSITIVE_INFINITY,
  since: {},
  hasCount: false,
}

/** @param types by name @returns also `all` that the asker's list has without other filters */
export function selectGroupTypes(
  types: readonly GroupType[],
  query: ListQuery,
  { microversion, isAdmin }: Asker,
): Parsed<Selection<GroupType> & { readonly all: readonly GroupType[] }> {
  const wanted = isAdmin ? parsePublicFilter(query.raw['is_public']) : ({ ok: true, value: true } as const)
  if (!wanted.ok) return wanted
  const all = types.filter(({ isPublic }) => wanted.value === null || isPublic === wanted.value)
  const filters = query.filters.filter(({ key }) => key !== 'is_public')
  const selected = selectItems(all, { ...query, filters }, KIND, microversion)
  return selected.ok ? { ok: true, value: { ...selected.value, all } } : selected
}
