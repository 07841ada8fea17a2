/**
 * Which volume types a list shows, and in which order: as they were founded and then by name, for when a type was made is
 * not known. Who is no admin sees the types that are there for his project, and finds them by those extra specs that he sees.
 */
import { isTypeFor, type KnownType } from '../../model/catalogue.ts'
import type { ProjectId } from '../../model/ids.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, mapTest, type Selection, selectItems } from './item-list.ts'
import type { Asker, ListKeys, ListQuery } from './list-query.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'
import { parsePublicFilter } from './type-request.ts'
import { shownSpecs } from './volume-type.ts'

const FIELDS: ItemKind<KnownType>['fields'] = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  description: ({ description }) => description,
  is_public: ({ isPublic }) => String(isPublic),
  created_at: () => null,
}

export const TYPE_KEYS: ListKeys = {
  sorts: Object.keys(FIELDS),
  allowed: RESOURCE_FILTERS.volume_type,
  allowedBefore: ['is_public'],
  strictSince: 52,
  since: { extra_specs: 52 },
  hasCount: false,
}

/** @param types in their own order @returns also `all` that the asker's list has without other filters */
export function selectTypes(
  types: readonly KnownType[],
  query: ListQuery,
  { microversion, isAdmin, project }: Asker & { readonly project: ProjectId },
): Parsed<Selection<KnownType> & { readonly all: readonly KnownType[] }> {
  const isPublic = isAdmin ? parsePublicFilter(query.raw['is_public']) : ({ ok: true, value: true } as const)
  if (!isPublic.ok) return isPublic
  // As in Cinder: asked for public ones, somebody is also shown those that his project was let in to.
  const all = types.filter((type) => (isPublic.value === true ? isTypeFor(type, project) : isPublic.value === null || !type.isPublic))
  const place = new Map(types.map(({ id }, index) => [id, index]))
  const placeOf = ({ id }: KnownType): number => place.get(id) ?? types.length
  const kind: ItemKind<KnownType> = {
    fields: FIELDS,
    flags: [],
    times: [],
    tests: mapTest('extra_specs', (type) => shownSpecs(type, isAdmin)),
    order: (a, b) => placeOf(a) - placeOf(b),
  }
  const filters = query.filters.filter(({ key }) => key !== 'is_public')
  const selected = selectItems(all, { ...query, filters }, kind, microversion)
  return selected.ok ? { ok: true, value: { ...selected.value, all } } : selected
}
