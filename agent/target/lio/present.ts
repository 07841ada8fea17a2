/**
 * What configfs holds of one export now: its target, and the backstores of its volume. Reads, and changes nothing.
 *
 * Only things of this project's naming are looked at. What cannot be read, because it has just gone, reads as empty.
 */
import { volumeOfIqn } from '../iscsi-name.ts'
import { type Attributes, BACKSTORE_ATTRIBUTE_NAMES, TPG_ATTRIBUTE_NAMES } from './attributes.ts'
import { areSiblings, BACKSTORE_KINDS, type BackstoreKind, backstorePath, FABRIC, targetPath } from './names.ts'
import type { Tree } from './tree.ts'

export interface PresentLink {
  readonly name: string
  /** Path of this tree. */
  readonly to: string
}

export interface PresentLun {
  /** `lun_1`. */
  readonly name: string
  readonly links: readonly PresentLink[]
}

export interface PresentMappedLun extends PresentLun {
  readonly isReadOnly: boolean
}

export interface PresentAcl {
  readonly initiator: string
  readonly username: string
  readonly password: string
  /** Of this name alone; empty where the kernel has no such switch, -1: as its portal group. */
  readonly authentication: string
  readonly hasSession: boolean
  readonly luns: readonly PresentMappedLun[]
}

export interface PresentTpg {
  /** `tpgt_1`. */
  readonly name: string
  readonly isEnabled: boolean
  readonly attributes: Attributes
  readonly portals: readonly string[]
  readonly luns: readonly PresentLun[]
  readonly acls: readonly PresentAcl[]
}

export interface PresentTarget {
  readonly iqn: string
  readonly tpgs: readonly PresentTpg[]
}

export interface PresentBackstore {
  readonly kind: BackstoreKind
  readonly isEnabled: boolean
  readonly devicePath: string
  /** Of a file; a block device is asked by the kernel each time. */
  readonly sizeBytes: number | null
  readonly serial: string
  readonly attributes: Attributes
}

export interface Present {
  readonly target: PresentTarget | null
  readonly backstores: readonly PresentBackstore[]
  /** Other exports of the same volume that use one of its backstores. */
  readonly siblings: readonly string[]
}

/** IQNs of ours, half-made ones too, sorted. */
export function ourIqns(tree: Tree): readonly string[] {
  return folders(tree, FABRIC).filter((name) => volumeOfIqn(name) !== null)
}

/** @param iqns all of ours, so that many exports are read with one look at the folder */
export function readPresent(tree: Tree, iqn: string, iqns: readonly string[]): Present {
  const volume = volumeOfIqn(iqn)
  return {
    target: readTarget(tree, iqn),
    backstores: volume === null ? [] : BACKSTORE_KINDS.flatMap((kind) => readBackstore(tree, kind, volume)),
    siblings: iqns.filter((other) => areSiblings(iqn, other) && hasLinks(tree, other)),
  }
}

function readTarget(tree: Tree, iqn: string): PresentTarget | null {
  if (tree.entries(targetPath(iqn)) === null) return null
  const tpgs = folders(tree, targetPath(iqn)).filter((name) => name.startsWith('tpgt_'))
  return { iqn, tpgs: tpgs.map((name) => readTpg(tree, `${targetPath(iqn)}/${name}`, name)) }
}

function readTpg(tree: Tree, path: string, name: string): PresentTpg {
  return {
    name,
    isEnabled: tree.read(`${path}/enable`) === '1',
    attributes: readAttributes(tree, path, TPG_ATTRIBUTE_NAMES),
    portals: folders(tree, `${path}/np`),
    luns: readLuns(tree, `${path}/lun`),
    acls: folders(tree, `${path}/acls`).map((initiator) => readAcl(tree, `${path}/acls/${initiator}`, initiator)),
  }
}

function readAcl(tree: Tree, path: string, initiator: string): PresentAcl {
  return {
    initiator,
    username: tree.read(`${path}/auth/userid`),
    password: tree.read(`${path}/auth/password`),
    authentication: tree.read(`${path}/attrib/authentication`),
    hasSession: hasSession(tree.read(`${path}/info`)),
    luns: readLuns(tree, path).map((lun) => ({ ...lun, isReadOnly: tree.read(`${path}/${lun.name}/write_protect`) === '1' })),
  }
}

/** `No active iSCSI Session for Initiator Endpoint: …`, or lines about the session. */
function hasSession(info: string): boolean {
  return info !== '' && !info.startsWith('No active iSCSI Session')
}

function readLuns(tree: Tree, path: string): readonly PresentLun[] {
  const names = folders(tree, path).filter((name) => name.startsWith('lun_'))
  return names.map((name) => ({ name, links: linksIn(tree, `${path}/${name}`) }))
}

function readBackstore(tree: Tree, kind: BackstoreKind, volume: string): readonly PresentBackstore[] {
  const path = backstorePath(kind, volume)
  if (tree.entries(path) === null) return []
  return [
    {
      kind,
      isEnabled: tree.read(`${path}/enable`) === '1',
      ...deviceIn(tree.read(`${path}/info`)),
      serial: /^T10 VPD Unit Serial Number: (.*)$/.exec(tree.read(`${path}/wwn/vpd_unit_serial`))?.[1] ?? '',
      attributes: readAttributes(tree, path, BACKSTORE_ATTRIBUTE_NAMES),
    },
  ]
}

/** `File: /path  Size: 4096  Mode: …` of a file, `UDEV PATH: /dev/vg/lv  readonly: 0` of a block device. */
function deviceIn(info: string): Pick<PresentBackstore, 'devicePath' | 'sizeBytes'> {
  const [, file, size] = /File: (.*?) +Size: (\d+) /.exec(info) ?? []
  if (file !== undefined) return { devicePath: file, sizeBytes: Number(size) }
  return { devicePath: /UDEV PATH: (.*?) +readonly: /.exec(info)?.[1] ?? '', sizeBytes: null }
}

function readAttributes(tree: Tree, path: string, names: readonly string[]): Attributes {
  return Object.fromEntries(names.map((name) => [name, tree.read(`${path}/attrib/${name}`)]))
}

function hasLinks(tree: Tree, iqn: string): boolean {
  const tpgs = folders(tree, targetPath(iqn)).filter((name) => name.startsWith('tpgt_'))
  return tpgs.some((tpg) => readLuns(tree, `${targetPath(iqn)}/${tpg}/lun`).some(({ links }) => links.length > 0))
}

function folders(tree: Tree, path: string): readonly string[] {
  return (tree.entries(path) ?? []).filter(({ kind }) => kind === 'folder').map(({ name }) => name)
}

function linksIn(tree: Tree, path: string): readonly PresentLink[] {
  const links = (tree.entries(path) ?? []).filter(({ kind }) => kind === 'link')
  return links.map(({ name }) => ({ name, to: tree.linkTarget(`${path}/${name}`) }))
}
