/**
 * What the register of the cluster decides about volume types: one name, one type.
 *
 * A name is claimed if nobody has it now. Types are changed and deleted by id, and each change counts the version up. A
 * claim that comes again is known by the id that it brings, the other changes by their requests' ids, so that none is
 * made twice.
 */
import {
  type CatalogueRefusal,
  type EncryptionEdit,
  isDefaultType,
  type KnownType,
  type TypeChange,
  type TypeEdit,
} from '../model/catalogue.ts'
import { compareText } from '../model/ids.ts'
import type { Account, Verdict } from './account.ts'
import { answer, asItIs, editedTexts, keepEntries, nextVersion, refuse, remembered } from './catalogue-rules.ts'
import { liveType, liveTypes, typeEntryOf } from './type-entries.ts'

type Change<Kind extends TypeChange['kind']> = Extract<TypeChange, { kind: Kind }>

export function claimType(account: Account, { claim }: Change<'claim-type'>): Verdict {
  const known = account.cell.types.get(claim.id)
  if (known !== undefined)
    return known.bodyHash === claim.bodyHash ? asItIs(account.cell, claim.id) : answer({ kind: 'claimed-otherwise', id: claim.id })
  if (isTaken(account, claim.name, claim.id)) return answer({ kind: 'name-taken', name: claim.name })
  const none = { access: [], encryption: null, qosId: null, isGone: false, done: [] }
  return keepEntries(account, [{ ...claim, ...none, kind: 'type', version: nextVersion(account) }], claim.id)
}

export function reviseType(account: Account, { id, rid, edit }: Change<'revise-type'>): Verdict {
  return onLive(account, id, rid, (type) => {
    const isRenamed = edit.name !== undefined && edit.name !== type.name
    if (isRenamed && isDefaultType(type)) return answer({ kind: 'default-type', id })
    if (edit.name !== undefined && isTaken(account, edit.name, id)) return answer({ kind: 'name-taken', name: edit.name })
    const why = accessRefusal(type, edit) ?? encryptionRefusal(type, edit) ?? qosRefusal(account, type, edit)
    return why === null ? changed(account, type, rid, edited(type, edit)) : refuse(why)
  })
}

/** The cluster's default stays, and so does one that is a project's. */
export function releaseType(account: Account, { id, rid }: Change<'release-type'>): Verdict {
  return onLive(account, id, rid, (type) => {
    const isDefault = isDefaultType(type) || [...account.cell.defaultTypes.values()].some(({ typeId, isGone }) => typeId === id && !isGone)
    return isDefault ? answer({ kind: 'default-type', id }) : changed(account, type, rid, { isGone: true })
  })
}

type Rid = Change<'revise-type'>['rid']

function onLive(account: Account, id: string, rid: Rid, change: (type: KnownType) => Verdict): Verdict {
  if (account.cell.types.get(id)?.done.includes(rid) === true) return asItIs(account.cell, id)
  const type = liveType(account, id)
  return type === null ? answer({ kind: 'no-type', id }) : change(type)
}

function changed(account: Account, type: KnownType, rid: Rid, to: Partial<KnownType> & { readonly isGone?: boolean }): Verdict {
  const entry = typeEntryOf(account, type)
  return keepEntries(account, [{ ...entry, ...to, done: remembered(entry, rid) }], type.id)
}

function accessRefusal({ id, isPublic, access }: KnownType, edit: TypeEdit): CatalogueRefusal | null {
  if (edit.access === undefined) return null
  const { project, isGranted } = edit.access
  if (isPublic) return { code: 'type-public', type: id }
  if (access.includes(project) !== isGranted) return null
  return { code: isGranted ? 'access-exists' : 'access-not-found', type: id, project }
}

function encryptionRefusal({ id, encryption }: KnownType, edit: TypeEdit): CatalogueRefusal | null {
  if (edit.encryption === undefined || (edit.encryption.kind === 'add') === (encryption === null)) return null
  return { code: encryption === null ? 'encryption-not-found' : 'encryption-exists', type: id }
}

/** A type has one; what is taken from it may be gone from it already. */
function qosRefusal({ cell }: Account, { id, qosId }: KnownType, { qos }: TypeEdit): CatalogueRefusal | null {
  if (qos === undefined) return null
  if (cell.qos.get(qos.id)?.isGone !== false) return { code: 'qos-not-found', qos: qos.id }
  return qos.isAssociated && qosId !== null && qosId !== qos.id ? { code: 'type-has-qos', type: id, qos: qosId } : null
}

function edited({ access, encryption, extraSpecs, qosId }: KnownType, edit: TypeEdit): Partial<KnownType> {
  const { name, description, isPublic, qos } = edit
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(isPublic === undefined ? {} : { isPublic }),
    ...(edit.extraSpecs === undefined ? {} : { extraSpecs: editedTexts(extraSpecs, edit.extraSpecs) }),
    ...(edit.access === undefined ? {} : { access: accessAfter(access, edit.access) }),
    ...(edit.encryption === undefined ? {} : { encryption: encryptionAfter(encryption, edit.encryption) }),
    ...(qos === undefined ? {} : { qosId: qos.isAssociated ? qos.id : qosId === qos.id ? null : qosId }),
  }
}

function accessAfter(access: KnownType['access'], { project, isGranted }: NonNullable<TypeEdit['access']>): KnownType['access'] {
  const others = access.filter((other) => other !== project)
  return isGranted ? [...others, project].sort(compareText) : others
}

function encryptionAfter(encryption: KnownType['encryption'], edit: EncryptionEdit): KnownType['encryption'] {
  switch (edit.kind) {
    case 'add':
      return edit.encryption
    case 'change':
      return encryption === null ? null : { ...encryption, ...edit.to, updatedAtMs: edit.atMs }
    case 'remove':
      return null
  }
}

function isTaken(account: Account, name: string, by: string): boolean {
  return liveTypes(account).some((type) => type.name === name && type.id !== by)
}
