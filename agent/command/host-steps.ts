/**
 * Makes a host out of an empty folder, one durable step after the other.
 *
 * Each step looks whether its work is there already, so that a run that was cut off is finished by repeating it, and a
 * run too many changes nothing. Keys are never written over.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DirectoryFiles } from '../../lib/config/directory.ts'
import type { SignedManifest } from '../../lib/model/manifest.ts'
import { parseSignedManifest } from '../../lib/wire/manifest.ts'
import { agentYaml } from './agent-yaml.ts'
import { CommandProblem } from './command-problem.ts'
import { configJson, type HostOptions } from './host-options.ts'
import { createIdentity, generateSwarmKey, saveSwarmKey } from '../peer/identity.ts'
import { createClusterKey, verifyManifest } from '../peer/manifest.ts'
import { makeFolder, writeDurably } from '../system/durable-file.ts'

export interface Step {
  readonly what: string
  /** File or folder that the step makes. */
  readonly where: string
  make(): Promise<void>
}

export interface StepReport {
  readonly what: string
  readonly where: string
  readonly state: 'made' | 'there' | 'missing'
}

/** @param isDryRun says what is missing and makes nothing */
export async function takeSteps(steps: readonly Step[], isDryRun: boolean, tell: (report: StepReport) => void): Promise<void> {
  for (const step of steps) {
    const isThere = await exists(step.where)
    if (!isThere && !isDryRun) await step.make()
    tell({ what: step.what, where: step.where, state: isThere ? 'there' : isDryRun ? 'missing' : 'made' })
  }
}

export function folderStep(what: string, folder: string): Step {
  return { what, where: folder, make: () => makeFolder(folder) }
}

export function identityStep(files: DirectoryFiles): Step {
  // The marker first, and never again: a host that has an identity may have run, and then an empty journal is a lost one.
  const make = async (): Promise<void> => {
    await writeDurably(files.newMarker, '')
    await createIdentity(files.identity)
  }
  return { what: 'identity', where: files.identity, make }
}

/** @param key of the cluster that is joined; a founder makes a new one */
export function swarmKeyStep(files: DirectoryFiles, key: Uint8Array | null): Step {
  return { what: 'swarm key', where: files.swarmKey, make: () => saveSwarmKey(files.swarmKey, key ?? generateSwarmKey()) }
}

export function clusterKeySteps(files: DirectoryFiles): readonly Step[] {
  return [
    { what: 'cluster key', where: files.clusterKey, make: () => writeDurably(files.clusterKey, createClusterKey().privateKey) },
    // Derived, and not kept from the step before: that one may have been taken by a run that was cut off.
    {
      what: 'cluster public key',
      where: files.clusterPublicKey,
      make: async () => writeDurably(files.clusterPublicKey, `${publicHalf(await readFile(files.clusterKey, 'utf8'))}\n`),
    },
  ]
}

export function publicKeyStep(files: DirectoryFiles, clusterPublicKey: string): Step {
  return {
    what: 'cluster public key',
    where: files.clusterPublicKey,
    make: () => writeDurably(files.clusterPublicKey, `${clusterPublicKey}\n`),
  }
}

export function manifestStep(files: DirectoryFiles, make: () => Promise<SignedManifest>): Step {
  return { what: 'manifest', where: files.manifest, make: async () => writeDurably(files.manifest, `${JSON.stringify(await make())}\n`) }
}

export function configSteps(options: HostOptions): readonly Step[] {
  const folder = dirname(options.configFile)
  const file = {
    what: 'configuration',
    where: options.configFile,
    make: () => writeDurably(options.configFile, agentYaml(configJson(options)), 0o644),
  }
  return folder === options.directory ? [file] : [folderStep('configuration folder', folder), file]
}

/** Folder of the volume files: made if it lies in our own folder; a mount point of the operator has to be there. */
export function storageSteps(options: HostOptions): readonly Step[] {
  const { backend } = options
  if (backend.kind !== 'file') return []
  if (backend.path.startsWith(`${options.directory}/`)) return [folderStep('volume folder', backend.path)]
  const refuse = async (): Promise<void> => {
    throw new CommandProblem(1, `${backend.path} does not exist`, `make it, or mount a file system there: mkdir -p ${backend.path}`)
  }
  return [{ what: 'volume folder', where: backend.path, make: refuse }]
}

/** The manifest that lies here, or null if there is none yet. @throws CommandProblem if it cannot be believed */
export async function manifestHere(files: DirectoryFiles): Promise<SignedManifest | null> {
  if (!(await exists(files.manifest))) return null
  const signed = parseSignedManifest(parseJson(await readFile(files.manifest, 'utf8')))
  const publicKey = (await exists(files.clusterPublicKey)) ? (await readFile(files.clusterPublicKey, 'utf8')).trim() : null
  if (signed === null || publicKey === null || !verifyManifest(signed, publicKey)) {
    throw new CommandProblem(
      1,
      `${files.manifest} is damaged or not signed by the cluster's key`,
      'restore the folder from a backup, or take another with --dir',
    )
  }
  return signed
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

function publicHalf(privatePem: string): string {
  const { x } = createPublicKey(createPrivateKey(privatePem)).export({ format: 'jwk' })
  return Buffer.from(x ?? '', 'base64url').toString('base64')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
