/** A group type. Who is no admin is not shown its specs at all, as in Cinder. */
import type { GroupType } from '../../model/group-type.ts'

export function groupTypeBody({ id, name, description, isPublic, groupSpecs }: GroupType, isAdmin: boolean): object {
  return { id, name, description, is_public: isPublic, ...(isAdmin ? { group_specs: groupSpecs } : {}) }
}
