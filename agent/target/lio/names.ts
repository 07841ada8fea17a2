/**
 * What this project calls its things in configfs. Paths begin below `/sys/kernel/config/target`.
 *
 * One backstore a volume, named by it and shared by its exports: the kernel opens a block device for one backstore only,
 * and reservations that one initiator makes must bind the others. The number of the folder is one that no other tool
 * gives by itself (they count up from 0), so that whatever lies in it is ours.
 */
export type BackstoreKind = 'iblock' | 'fileio'
export const BACKSTORE_KINDS: readonly BackstoreKind[] = ['iblock', 'fileio']

const FOLDER_NUMBER = 2601

export const FABRIC = 'iscsi'
export const TPG = 'tpgt_1'

export function backstoreFolder(kind: BackstoreKind): string {
  return `core/${kind}_${FOLDER_NUMBER}`
}

export function backstorePath(kind: BackstoreKind, volume: string): string {
  return `${backstoreFolder(kind)}/volume-${volume}`
}

export function targetPath(iqn: string): string {
  return `${FABRIC}/${iqn}`
}

export function lunName(lun: number): string {
  return `lun_${lun}`
}

/** True if the two are different exports of one volume. */
export function areSiblings(iqn: string, other: string): boolean {
  return iqn !== other && other.startsWith(iqn.slice(0, iqn.lastIndexOf('-') + 1))
}
