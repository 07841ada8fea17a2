/**
 * What the register of the cluster decides about QoS specs: one name, one of them; and none that a type has goes unless
 * the type loses it in the same change.
 */
import type { KnownType } from '../model/catalogue.ts'
import type { QosChange, QosEntry } from '../model/qos.ts'
import type { Account, Verdict } from './account.ts'
import { asItIs, editedTexts, keepEntries, nextVersion, refuse, remembered } from './catalogue-rules.ts'
import { liveTypes, typeEntryOf } from './type-entries.ts'

type Change<Kind extends QosChange['kind']> = Extract<QosChange, { kind: Kind }>

export function claimQos(account: Account, { claim }: Change<'claim-qos'>): Verdict {
  const known = account.cell.qos.get(claim.id)
  if (known !== undefined)
    return known.bodyHash === claim.bodyHash ? asItIs(account.cell, claim.id) : refuse({ code: 'qos-mismatch', qos: claim.id })
  const isTaken = [...account.cell.qos.values()].some(({ name, isGone }) => !isGone && name === claim.name)
  if (isTaken) return refuse({ code: 'qos-exists', name: claim.name })
  return keepEntries(account, [{ ...claim, kind: 'qos', version: nextVersion(account), isGone: false, done: [] }], claim.id)
}

export function reviseQos(account: Account, { id, rid, edit }: Change<'revise-qos'>): Verdict {
  return onLive(account, id, rid, (entry) => {
    const lacking = Object.entries(edit.specs ?? {}).find(([key, value]) => value === null && entry.specs[key] === undefined)
    if (lacking !== undefined) return refuse({ code: 'qos-key-not-found', qos: id, key: lacking[0] })
    const specs = editedTexts(entry.specs, edit.specs ?? {})
    return keepEntries(account, [{ ...entry, consumer: edit.consumer ?? entry.consumer, specs }], id)
  })
}

export function releaseQos(account: Account, { id, rid, force }: Change<'release-qos'>): Verdict {
  return onLive(account, id, rid, (entry) => {
    const users = usersOf(account, id)
    if (users.length > 0 && !force) return refuse({ code: 'qos-in-use', qos: id })
    return keepEntries(account, [...freed(account, users), { ...entry, isGone: true }], id)
  })
}

export function freeQos(account: Account, { id, rid }: Change<'free-qos'>): Verdict {
  return onLive(account, id, rid, (entry) => keepEntries(account, [...freed(account, usersOf(account, id)), entry], id))
}

/** @param change is given the entry as this request leaves it if it changes nothing else */
function onLive(account: Account, id: string, rid: QosEntry['done'][number], change: (entry: QosEntry) => Verdict): Verdict {
  const before = account.cell.qos.get(id)
  if (before?.done.includes(rid) === true) return asItIs(account.cell, id)
  if (before === undefined || before.isGone) return refuse({ code: 'qos-not-found', qos: id })
  return change({ ...before, version: nextVersion(account), done: remembered(before, rid) })
}

function usersOf(account: Account, id: string): readonly KnownType[] {
  return liveTypes(account).filter(({ qosId }) => qosId === id)
}

function freed(account: Account, types: readonly KnownType[]) {
  return types.map((type) => ({ ...typeEntryOf(account, type), qosId: null }))
}
