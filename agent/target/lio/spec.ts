/**
 * What may be handed to configfs.
 *
 * Names become folders, so that nothing may step out of its place; the kernel parses the path of a device with commas
 * between its options; and a text that begins with NULL unsets an account instead of setting it.
 */
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { isIscsiName, volumeOfIqn } from '../iscsi-name.ts'

/** FD_MAX_DEV_NAME of the kernel, with its closing zero. */
const PATH_BYTES_MAX = 255
const CREDENTIAL = /^(?!NULL)[A-Za-z0-9][A-Za-z0-9._-]*$/
const LUN_MAX = 255

/** What is wrong with the specification, without its secret; null if nothing is. */
export function problemOf(spec: ExportSpec): string | null {
  if (volumeOfIqn(spec.iqn) === null) return `not the name of an export: ${JSON.stringify(spec.iqn)}`
  if (!isIscsiName(spec.initiator)) return `not an iSCSI name: ${JSON.stringify(spec.initiator)}`
  if (!/^\/[^,\n\0]*$/.test(spec.devicePath) || Buffer.byteLength(spec.devicePath) > PATH_BYTES_MAX)
    return `not a path for the kernel's target (no comma, at most ${PATH_BYTES_MAX} bytes): ${JSON.stringify(spec.devicePath)}`
  if (!Number.isInteger(spec.lun) || spec.lun < 0 || spec.lun > LUN_MAX) return `not a LUN: ${spec.lun}`
  if (!CREDENTIAL.test(spec.username)) return 'the CHAP user name has characters that cannot be written to configfs'
  if (!CREDENTIAL.test(spec.password) || spec.password.length < 12 || spec.password.length > 16)
    return 'the CHAP secret is not 12 to 16 plain characters'
  return null
}

export function isEqual(a: ExportSpec, b: ExportSpec): boolean {
  return (
    a.iqn === b.iqn &&
    a.lun === b.lun &&
    a.devicePath === b.devicePath &&
    a.initiator === b.initiator &&
    a.username === b.username &&
    a.password === b.password &&
    a.readOnly === b.readOnly
  )
}
