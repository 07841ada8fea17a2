/**
 * What may be handed to tgtadm.
 *
 * tgtadm joins its arguments to one text with commas and reads no quotes, so that a comma in a path would be an option
 * of its own. Names are held to the letters that iSCSI allows; nothing may look like an option.
 */
import { hashHex } from '../../../lib/model/hash.ts'
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { isIscsiName } from '../iscsi-name.ts'

const CREDENTIAL = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** What is wrong with the specification, without its secret; null if nothing is. */
export function problemOf(spec: ExportSpec): string | null {
  for (const name of [spec.iqn, spec.initiator]) {
    if (!isIscsiName(name)) return `not an iSCSI name: ${JSON.stringify(name)}`
  }
  if (!/^\/[^,\n\0]*$/.test(spec.devicePath)) return `not a path for tgtd: ${JSON.stringify(spec.devicePath)}`
  // LUN 0 is the controller of tgtd's own.
  if (!Number.isInteger(spec.lun) || spec.lun < 1 || spec.lun > 255) return `not a LUN: ${spec.lun}`
  if (!CREDENTIAL.test(spec.username)) return 'the CHAP user name has characters that tgtadm cannot take'
  if (!CREDENTIAL.test(spec.password) || spec.password.length < 12 || spec.password.length > 16)
    return 'the CHAP secret is not 12 to 16 plain characters'
  return null
}

/**
 * SCSI id and serial of an export: 32 hex digits that begin with 6, as an NAA of that kind does.
 *
 * tgtd's own count up per process: two hosts would show different disks under one id, and a multipath initiator would
 * mix them up; after a restart a disk would change its id under a live session.
 */
export function scsiId(iqn: string): string {
  return `6${hashHex('scsi-id', iqn).slice(0, 31)}`
}
