/**
 * What this host has for exports over LIO. Nothing is changed by looking, and nothing is judged here (judge.ts).
 *
 * The kernel's targets share a portal, so that one that is open already is as good as a free port. Whoever asks to listen on
 * one that another program has is told no more than EINVAL: hence the probe.
 */
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { hostAddresses, portalParts } from '../portal.ts'
import { CONFIGFS_ROOT, configfsTree } from './configfs.ts'
import { FABRIC } from './names.ts'
import { codeOf, type Tree } from './tree.ts'

/** CONFIGFS_MAGIC of the kernel. */
const CONFIGFS = 0x62656570

/** What has to be loaded at a boot; the others are loaded when they are used. */
const BOOT_MODULES: readonly string[] = ['target_core_mod', 'iscsi_target_mod']
const MODULES_FOLDERS = ['/etc/modules-load.d', '/run/modules-load.d', '/usr/local/lib/modules-load.d', '/usr/lib/modules-load.d']
const SAVED = '/etc/rtslib-fb-target/saveconfig.json'

export interface LioFacts {
  /** Where configfs has to be. */
  readonly mount: string
  readonly isMounted: boolean
  /** The kernel's target has its folder there. */
  readonly isLoaded: boolean
  readonly addresses: readonly string[]
  /** Null: free, or open already by a target of the kernel's; else the code that listening ends with. */
  readonly portTrouble: string | null
}

/** What only a look at the host asks, and a start does not wait for. */
export interface LioHost {
  /** Modules that no file names, so that they would be missing after a boot. */
  readonly notAtBoot: readonly string[]
  /** Folder where the kernel keeps SCSI reservations; empty: not known. */
  readonly dbroot: string
  readonly missingFolders: readonly string[]
  /** targetcli has a copy of our exports, and its service would bring them back. */
  readonly hasSavedOurs: boolean
}

export async function lookAtLio(portal: string, root = CONFIGFS_ROOT): Promise<LioFacts> {
  const tree = configfsTree(root)
  const mount = dirname(root)
  return {
    mount,
    isMounted: isConfigfs(mount),
    isLoaded: tree.entries('core') !== null,
    addresses: hostAddresses(),
    portTrouble: isOpen(tree, portal) ? null : await listenTrouble(portal),
  }
}

export function lookAtLioHost(root = CONFIGFS_ROOT): LioHost {
  const dbroot = configfsTree(root).read('dbroot')
  const named = new Set(MODULES_FOLDERS.flatMap(namesIn))
  const builtin = textOf(`/lib/modules/${release()}/modules.builtin`)
  return {
    notAtBoot: BOOT_MODULES.filter((module) => !named.has(module) && !builtin.includes(`/${module}.ko`)),
    dbroot,
    missingFolders: dbroot === '' ? [] : ['pr', 'alua'].map((part) => `${dbroot}/${part}`).filter((folder) => !existsSync(folder)),
    hasSavedOurs: textOf(SAVED).includes('iqn.2026-01.io.scoria:volume-'),
  }
}

function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((name) => name.endsWith('.conf'))
  return files.flatMap((name) =>
    textOf(`${folder}/${name}`)
      .split('\n')
      .map((line) => line.trim()),
  )
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function isConfigfs(mount: string): boolean {
  try {
    return statfsSync(mount).type === CONFIGFS
  } catch {
    // No such folder: nothing is mounted there either.
    return false
  }
}

/** Some target of the kernel's, ours or not, has this portal. */
function isOpen(tree: Tree, portal: string): boolean {
  const folders = (path: string): readonly string[] => (tree.entries(path) ?? []).map(({ name }) => `${path}/${name}`)
  return folders(FABRIC)
    .flatMap(folders)
    .some((tpg) => tree.entries(`${tpg}/np/${portal}`) !== null)
}

async function listenTrouble(portal: string): Promise<string | null> {
  const { host, port } = portalParts(portal)
  return await new Promise<string | null>((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(codeOf(error) ?? String(error)))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)))
  })
}
