/**
 * The names that one storage protocol goes by: whoever asks for one of them means all.
 *
 * Source: cinder/common/constants.py; Scoria's pools are reached by iSCSI.
 */
import type { Json } from '../model/json.ts'

const ISCSI: readonly Json[] = ['iSCSI', 'iscsi']

/** At least one: a protocol that is not known has the name that was reported. */
export function protocolNames(reported: Json): readonly Json[] {
  return ISCSI.includes(reported) ? ISCSI : [reported]
}
