/**
 * What must be so before volumes are exported over LIO: configfs is mounted, the modules are loaded, the portal is an
 * address of this host and nobody else listens there.
 *
 * The kernel takes any address for a portal and listens to it when it comes up, so that a wrong one is found here or
 * never. A miss that only the operator can mend is one line that names the remedy.
 */
import { mkdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import { CONFIGFS_ROOT, configfsTree, NOT_LOADED } from './configfs.ts'
import { backstoreFolder, FABRIC } from './names.ts'
import { codeOf, type Tree } from './tree.ts'

/** CONFIGFS_MAGIC of the kernel. */
const CONFIGFS = 0x62656570

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
  const tree = configfsTree(root)
  return checkKernel(tree, root) ?? checkAddress(portal) ?? (await checkPort(tree, portal))
}

function checkKernel(tree: Tree, root: string): string | null {
  const mount = dirname(root)
  if (tree.entries('core') === null) {
    return isConfigfs(mount)
      ? NOT_LOADED
      : `configfs is not mounted: mount -t configfs none ${mount} (for good: systemctl enable --now sys-kernel-config.mount)`
  }
  for (const [folder, module] of PARTS) {
    try {
      if (tree.entries(folder) === null) tree.makeFolder(folder)
    } catch (error) {
      const code = codeOf(error) ?? String(error)
      if (code === 'EPERM' || code === 'EACCES') return `${root} cannot be changed (${code}): run the agent as root`
      return `a part of the kernel’s target is missing (${folder}: ${code}): modprobe ${module}`
    }
  }
  return checkReservations(tree)
}

function isConfigfs(mount: string): boolean {
  try {
    return statfsSync(mount).type === CONFIGFS
  } catch {
    // No such folder: nothing is mounted there either.
    return false
  }
}

/** Initiators that reserve a disk for good are refused where the kernel cannot keep the reservation in a file. */
function checkReservations(tree: Tree): string | null {
  const folder = tree.read('dbroot')
  try {
    if (folder !== '') for (const part of ['pr', 'alua']) mkdirSync(`${folder}/${part}`, { recursive: true })
    return null
  } catch (error) {
    return `${folder}/pr, where the kernel keeps SCSI reservations, cannot be made (${codeOf(error) ?? String(error)}): mkdir -p ${folder}/pr ${folder}/alua`
  }
}

function checkAddress(portal: string): string | null {
  const { host } = split(portal)
  const addresses = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
  if (addresses.includes(host)) return null
  return `${host} is not an address of this host: set target.portal to one (${addresses.join(', ')}) and a port`
}

/** The kernel's targets share a portal. It says no more than EINVAL where another program has the port. */
async function checkPort(tree: Tree, portal: string): Promise<string | null> {
  if (isOpen(tree, portal)) return null
  const { host, port } = split(portal)
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(codeOf(error) ?? String(error)))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)))
  })
  if (code === null) return null
  return `the kernel cannot listen on ${portal} (${code}): another program has it, perhaps tgtd (systemctl disable --now tgt), or a target of the kernel's on every address; ss -ltnp shows it. Or set target.portal to another port`
}

/** Some target of the kernel's, ours or not, has this portal. */
function isOpen(tree: Tree, portal: string): boolean {
  const folders = (path: string): readonly string[] => (tree.entries(path) ?? []).map(({ name }) => `${path}/${name}`)
  return folders(FABRIC)
    .flatMap(folders)
    .some((tpg) => tree.entries(`${tpg}/np/${portal}`) !== null)
}

function split(portal: string): { readonly host: string; readonly port: number } {
  const colon = portal.lastIndexOf(':')
  return { host: portal.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(portal.slice(colon + 1)) }
}
