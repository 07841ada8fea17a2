/**
 * From what is there to an export as wanted: the steps in order, none if it is as wanted. Pure.
 *
 * Switching on comes last and off first, so that no initiator ever meets half an export: it would take a missing LUN for
 * a broken disk, while it waits for a target that is away. What cannot be mended under a live session is therefore taken
 * away and built anew; the session comes back by itself. A whole export that serves something else is left alone.
 */
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { backstoreAttributes, differing, TPG_ATTRIBUTES } from './attributes.ts'
import type { Device } from './device.ts'
import { backstoreFolder, backstorePath, FABRIC, lunName, targetPath, TPG } from './names.ts'
import type { Present, PresentAcl, PresentBackstore, PresentTarget, PresentTpg } from './present.ts'
import { emptyOut, removeBackstore, type Step } from './steps.ts'

export interface Wanted {
  readonly spec: ExportSpec
  /** Of `spec.devicePath`. */
  readonly device: Device
  /** Id of the volume; also the serial number that initiators see, so that a disk is known again wherever it shows up. */
  readonly volume: string
  /** `ip:port`. */
  readonly portal: string
}

export type Plan = { readonly kind: 'steps'; readonly steps: readonly Step[] } | { readonly kind: 'refused'; readonly reason: string }

/** @param isKnown this very specification was exposed before: whatever differs from it now is damage */
export function planExpose(wanted: Wanted, present: Present, isKnown: boolean): Plan {
  const { target, siblings } = present
  const other = isKnown ? null : servedOtherwise(wanted, present)
  if (other !== null) return refused(`target ${wanted.spec.iqn} is there with another specification: ${other}`)
  const backstore = present.backstores.find((candidate) => isSound(wanted, candidate)) ?? null
  if (backstore === null && siblings.length > 0)
    return refused(`volume ${wanted.volume} is exported from another device by ${siblings.join(', ')}: detach it there`)
  const tpg = target === null || backstore === null ? null : wholeTpg(wanted, target)
  // What is not sound was left by a crash, or is of another kind of device: nothing uses it.
  const unused = siblings.length > 0 ? [] : present.backstores.filter((one) => one !== backstore)
  const cleared = unused.map(({ kind }) => removeBackstore(kind, wanted.volume))
  if (backstore !== null && tpg !== null) return steps([...cleared, ...mendBackstore(wanted, backstore), ...mendPortals(wanted, tpg)])
  return steps([
    ...(target === null ? [] : emptyOut(target)),
    makeShared(FABRIC, 'load iSCSI into the kernel: modprobe iscsi_target_mod'),
    ...make(targetPath(wanted.spec.iqn)),
    ...cleared,
    ...(backstore === null ? makeBackstore(wanted) : mendBackstore(wanted, backstore)),
    ...makeTpg(wanted),
  ])
}

function makeBackstore({ device, volume }: Wanted): readonly Step[] {
  const { kind, path: devicePath } = device
  const path = backstorePath(kind, volume)
  const module = kind === 'iblock' ? 'target_core_iblock' : 'target_core_file'
  const control =
    device.kind === 'iblock' ? `udev_path=${devicePath}` : `fd_dev_name=${devicePath},fd_dev_size=${device.sizeBytes},fd_buffered_io=1`
  return [
    makeShared(backstoreFolder(kind), `load it into the kernel: modprobe ${module}`),
    ...make(path),
    write(`${path}/control`, control),
    write(
      `${path}/enable`,
      '1',
      `${devicePath} cannot be opened for the kernel's target; who has it: lsblk ${devicePath}, fuser -v ${devicePath}`,
    ),
    write(`${path}/wwn/vpd_unit_serial`, volume),
    write(`${path}/wwn/vendor_id`, 'SCORIA'),
    write(`${path}/wwn/product_id`, 'VOLUME'),
    ...Object.entries(backstoreAttributes(kind)).map(([name, value]) => write(`${path}/attrib/${name}`, value)),
  ]
}

/** Under live sessions: a switch that was turned by hand, a file that has grown. */
function mendBackstore({ device, volume }: Wanted, { attributes, sizeBytes }: PresentBackstore): readonly Step[] {
  const path = backstorePath(device.kind, volume)
  const turned = differing(attributes, backstoreAttributes(device.kind)).map(([name, value]) => write(`${path}/attrib/${name}`, value))
  const hasGrown = device.kind === 'fileio' && device.sizeBytes !== sizeBytes
  return hasGrown ? [...turned, write(`${path}/control`, `fd_dev_size=${device.sizeBytes}`)] : turned
}

/** In use or not: sessions do not hang on the portal they came through. */
function mendPortals({ spec, portal }: Wanted, { portals }: PresentTpg): readonly Step[] {
  const folder = `${targetPath(spec.iqn)}/${TPG}/np`
  return [
    ...(portals.includes(portal) ? [] : makePortal(folder, portal)),
    ...portals.filter((one) => one !== portal).map((one): Step => ({ kind: 'remove', path: `${folder}/${one}` })),
  ]
}

function makeTpg({ spec, device, volume, portal }: Wanted): readonly Step[] {
  const path = `${targetPath(spec.iqn)}/${TPG}`
  const lun = `${path}/lun/${lunName(spec.lun)}`
  const acl = `${path}/acls/${spec.initiator}`
  const mapped = `${acl}/${lunName(spec.lun)}`
  return [
    ...make(path),
    ...Object.entries(TPG_ATTRIBUTES).map(([name, value]) => write(`${path}/attrib/${name}`, value)),
    ...make(lun),
    { kind: 'link', path: `${lun}/volume`, to: backstorePath(device.kind, volume) },
    ...makePortal(`${path}/np`, portal),
    ...make(acl),
    ...make(mapped),
    { kind: 'link', path: `${mapped}/volume`, to: lun },
    write(`${mapped}/write_protect`, spec.readOnly ? '1' : '0'),
    write(`${acl}/auth/userid`, spec.username),
    write(`${acl}/auth/password`, spec.password),
    write(`${path}/enable`, '1'),
  ]
}

function makePortal(folder: string, portal: string): readonly Step[] {
  return make(`${folder}/${portal}`, `set target.portal to an address of this host and a port that is free (ss -ltnp shows who has it)`)
}

/** The portal group, if all of the target but its portals is as wanted and on. */
function wholeTpg({ spec, device, volume }: Wanted, { tpgs }: PresentTarget): PresentTpg | null {
  const [tpg, ...more] = tpgs
  if (tpg === undefined || more.length > 0 || tpg.name !== TPG || !tpg.isEnabled) return null
  if (differing(tpg.attributes, TPG_ATTRIBUTES).length > 0) return null
  const [lun, acl] = [only(tpg.luns), only(tpg.acls)]
  const mapped = only(acl?.luns ?? [])
  if (lun === null || acl === null || mapped === null) return null
  const path = `${targetPath(spec.iqn)}/${TPG}/lun/${lunName(spec.lun)}`
  const isServed = lun.name === lunName(spec.lun) && only(lun.links)?.to === backstorePath(device.kind, volume)
  const isMapped = mapped.name === lunName(spec.lun) && only(mapped.links)?.to === path && mapped.isReadOnly === spec.readOnly
  return isServed && isMapped && letsIn(acl, spec) && ['', '-1'].includes(acl.authentication) ? tpg : null
}

function letsIn(acl: PresentAcl, { initiator, username, password }: ExportSpec): boolean {
  return acl.initiator === initiator && acl.username === username && acl.password === password
}

function isSound({ device, volume }: Wanted, { kind, isEnabled, devicePath, serial }: PresentBackstore): boolean {
  return kind === device.kind && isEnabled && devicePath === device.path && serial === volume
}

/** How a target that somebody can log in to differs, if there is one; without its secret. */
function servedOtherwise({ spec, volume }: Wanted, { target, backstores }: Present): string | null {
  const enabled = (target?.tpgs ?? []).filter(({ isEnabled }) => isEnabled)
  const open = enabled
    .flatMap(({ acls }) => acls)
    .filter(({ password, luns }) => password !== '' && luns.some(({ links }) => links.length > 0))
  const acl = open.find(({ initiator }) => initiator === spec.initiator) ?? open[0]
  if (acl === undefined) return null
  const linked = enabled.flatMap(({ luns }) => luns.flatMap(({ links }) => links.map(({ to }) => to)))
  const served = backstores.find(({ kind }) => linked.includes(backstorePath(kind, volume)))
  const pairs: readonly (readonly [string, string, string])[] = [
    ['initiator', acl.initiator, spec.initiator],
    ['account', acl.username, spec.username],
    ['secret', acl.password === spec.password ? 'the same' : 'another', 'the same'],
    ['read-only', String(acl.luns.every(({ isReadOnly }) => isReadOnly)), String(spec.readOnly)],
    ['path', served?.devicePath ?? spec.devicePath, spec.devicePath],
  ]
  const [name, found, wanted] = pairs.find(([, there, here]) => there !== here) ?? []
  return name === undefined ? null : `${name} ${found}, not ${wanted}`
}

function only<Item>(items: readonly Item[]): Item | null {
  const [item] = items
  return items.length === 1 && item !== undefined ? item : null
}

function make(path: string, remedy?: string): readonly Step[] {
  return [remedy === undefined ? { kind: 'make', path } : { kind: 'make', path, remedy }]
}

function makeShared(path: string, remedy: string): Step {
  return { kind: 'make', path, remedy, isShared: true }
}

function write(path: string, text: string, remedy?: string): Step {
  return remedy === undefined ? { kind: 'write', path, text } : { kind: 'write', path, text, remedy }
}

function steps(list: readonly Step[]): Plan {
  return { kind: 'steps', steps: list }
}

function refused(reason: string): Plan {
  return { kind: 'refused', reason }
}
