/**
 * What must be so before volumes are exported over LIO: configfs is mounted, the modules are loaded, the portal is an
 * address of this host and nobody else listens there.
 *
 * The kernel takes any address for a portal and listens to it when it comes up, so that a wrong one is found here or
 * never. What can be made is made; a miss that only the operator can mend is one line that names the remedy.
 */
import { mkdirSync } from 'node:fs'
import { firstFailure } from '../../../lib/model/finding.ts'
import { CONFIGFS_ROOT, configfsTree } from './configfs.ts'
import { lookAtLio } from './facts.ts'
import { judgeLio } from './judge.ts'
import { backstoreFolder, FABRIC } from './names.ts'
import { codeOf, type Tree } from './tree.ts'

/** A folder makes the kernel load what it stands for; the first export shall not wait for that. */
const PARTS: readonly (readonly [string, string])[] = [
  [FABRIC, 'iscsi_target_mod'],
  [backstoreFolder('iblock'), 'target_core_iblock'],
  [backstoreFolder('fileio'), 'target_core_file'],
]

export interface LioCheck {
  /** `ip:port`, an IPv6 address in brackets. */
  readonly portal: string
  readonly root?: string
}

/** @returns null if exports will work */
export async function checkLio({ portal, root = CONFIGFS_ROOT }: LioCheck): Promise<string | null> {
  const problem = firstFailure(judgeLio(await lookAtLio(portal, root), portal))
  if (problem !== null) return problem
  const tree = configfsTree(root)
  return makeParts(tree, root) ?? makeReservations(tree)
}

function makeParts(tree: Tree, root: string): string | null {
  for (const [folder, module] of PARTS) {
    try {
      if (tree.entries(folder) === null) tree.makeFolder(folder)
    } catch (error) {
      const code = codeOf(error) ?? String(error)
      if (code === 'EPERM' || code === 'EACCES') return `${root} cannot be changed (${code}): run the agent as root`
      return `a part of the kernel’s target is missing (${folder}: ${code}): modprobe ${module}`
    }
  }
  return null
}

/** Initiators that reserve a disk for good are refused where the kernel cannot keep the reservation in a file. */
function makeReservations(tree: Tree): string | null {
  const folder = tree.read('dbroot')
  try {
    if (folder !== '') for (const part of ['pr', 'alua']) mkdirSync(`${folder}/${part}`, { recursive: true })
    return null
  } catch (error) {
    return `${folder}/pr, where the kernel keeps SCSI reservations, cannot be made (${codeOf(error) ?? String(error)}): mkdir -p ${folder}/pr ${folder}/alua`
  }
}
