/**
 * Changes of the catalogue, volume types and what belongs to them, and reads of them that must not be old: both through the register of the cluster.
 *
 * This peer takes over what the register answers before the client hears of it, so that who asks here next sees what he
 * did; the others read it when the next beat tells them.
 */
import { type CatalogueChange, type CatalogueEntry, effectiveGroupTypes, groupTypeOf, knownTypeOf } from '../../model/catalogue.ts'
import { failure, type Result, success } from '../../model/failure.ts'
import { CLUSTER_PROJECT } from '../../model/ids.ts'
import type { LedgerAnswer } from '../../model/ledger.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import type { KnownTypes } from '../../model/request.ts'
import { askRegister } from '../group/ask.ts'
import { type Out, reply } from '../out.ts'
import { takeTypes, typesOf } from '../spread/catalogue.ts'
import type { Peer } from '../tables.ts'
import { undecided } from './reasons.ts'

export function onClientTypes(peer: Peer, out: Out, client: string, change: CatalogueChange | null): void {
  askRegister(peer, out, CLUSTER_PROJECT, change ?? { kind: 'read-types' }, { kind: 'types', asker: { kind: 'client', client } })
}

export function onClientTypesDecided(peer: Peer, out: Out, client: string, outcome: ChangeOutcome): void {
  const result = outcome.kind === 'decided' ? resultOf(peer, out, outcome.answer) : failure(undecided(peer, CLUSTER_PROJECT, outcome))
  reply(out, client, { kind: 'types', result })
}

function resultOf(peer: Peer, out: Out, answer: LedgerAnswer): Result<KnownTypes> {
  switch (answer.kind) {
    case 'types': {
      takeTypes(peer, out, answer.entries)
      const entry = answer.entries.find((one) => isNamed(one) && one.id === answer.id)
      return success({
        types: typesOf(peer),
        changed: entry?.kind === 'type' ? knownTypeOf(entry) : null,
        groupTypes: effectiveGroupTypes(peer.catalogue.entries),
        changedGroupType: entry?.kind === 'group-type' ? groupTypeOf(entry) : null,
        changedQos: entry?.kind === 'qos' ? entry : null,
      })
    }
    case 'name-taken':
      return failure({ code: 'type-exists', name: answer.name })
    case 'claimed-otherwise':
      return failure({ code: 'type-mismatch', type: answer.id })
    case 'default-type':
      return failure({ code: 'type-default', type: answer.id })
    case 'types-full':
      return failure({ code: 'types-full', limit: answer.limit })
    case 'refused':
      return failure(answer.refusal)
    case 'no-type':
      return failure({ code: 'type-not-found', type: answer.id })
    default:
      return failure(undecided(peer, CLUSTER_PROJECT, { kind: 'no-majority', answered: 0, needed: 0 }))
  }
}

/** What has an id that a change is about. */
function isNamed(entry: CatalogueEntry): entry is Extract<CatalogueEntry, { kind: 'type' | 'group-type' | 'qos' }> {
  return entry.kind === 'type' || entry.kind === 'group-type' || entry.kind === 'qos'
}
