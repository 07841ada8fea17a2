/**
 * What an agent keeps beside its journal: who it is, whom it believes, and the manifest that holds.
 *
 * A newer manifest is believed only with the cluster key's signature, and holds only when it is on stable storage.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DirectoryFiles } from '../lib/config/directory.ts'
import { acceptsManifest, hostOf, type Manifest, type SignedManifest } from '../lib/model/manifest.ts'
import type { Log } from '../lib/ports/log.ts'
import { parseSignedManifest } from '../lib/wire/manifest.ts'
import { type Identity, loadIdentity, loadSwarmKey } from './peer/identity.ts'
import { KeyFileExposed } from './peer/key-file.ts'
import { signManifest, verifyManifest } from './peer/manifest.ts'
import { StartProblem } from './start-problem.ts'
import { chapSecretsOf } from './system/chap-secret.ts'
import { isThere, writeDurably } from './system/durable-file.ts'

const SEAL_KEY_BYTES = 32

export interface ClusterFiles {
  readonly identity: Identity
  readonly swarmKey: Uint8Array
  /** CHAP secret of an export of this host, by its IQN. */
  readonly secretOf: (iqn: string) => string
  readonly clusterPublicKey: string
  /** Null on every host but the one that holds the cluster's key. */
  readonly sign: ((manifest: Manifest) => SignedManifest) | null
  signedManifest(): SignedManifest
  /** @returns true if it is newer, rightly signed, and now stored */
  takeManifest(signed: SignedManifest): Promise<boolean>
}

/** What says that this host belongs to a cluster, each part held against the others. */
export interface MembershipFiles {
  readonly identity: Identity
  readonly swarmKey: Uint8Array
  readonly clusterPublicKey: string
  readonly signed: SignedManifest
}

/** Only looks. @throws StartProblem if the host was never made a member, or a file is damaged */
export async function readMembership(files: DirectoryFiles): Promise<MembershipFiles> {
  const identity = await readOr(files.identity, () => loadIdentity(files.identity))
  const swarmKey = await readOr(files.swarmKey, () => loadSwarmKey(files.swarmKey))
  const clusterPublicKey = (await readOr(files.clusterPublicKey, () => readFile(files.clusterPublicKey, 'utf8'))).trim()
  const signed = await readManifest(files.manifest)
  if (!isSignedBy(signed, clusterPublicKey))
    throw new StartProblem(`${files.manifest} is not signed by the key in ${files.clusterPublicKey}`, {
      remedy: `scp ANOTHER-HOST:${files.manifest} ANOTHER-HOST:${files.clusterPublicKey} ${dirname(files.manifest)}/   # or restore both from a backup`,
    })
  if (hostOf(signed.manifest, identity.peerId) === null)
    throw new StartProblem(`this host (${identity.peerId}) is not in ${files.manifest}`, {
      remedy: `scoria join TOKEN --name HOST --dir ${dirname(files.manifest)}   # with a new token of scoria invite`,
    })
  return { identity, swarmKey, clusterPublicKey, signed }
}

/** @throws StartProblem if the host was never made a member, or a file is damaged */
export async function openClusterFiles(files: DirectoryFiles, log: Log): Promise<ClusterFiles> {
  const read = await readMembership(files)
  const { identity, swarmKey, clusterPublicKey } = read
  let { signed } = read
  const privateKey = await readIfThere(files.clusterKey)

  let last: Promise<unknown> = Promise.resolve()
  const store = async (next: SignedManifest): Promise<boolean> => {
    if (!acceptsManifest(signed.manifest, next.manifest)) return false
    if (!verifyManifest(next, clusterPublicKey)) {
      log.error('manifest-forged', { epoch: next.manifest.epoch })
      return false
    }
    await writeDurably(files.manifest, `${JSON.stringify(next)}\n`)
    signed = next
    log.info('manifest-taken', { epoch: next.manifest.epoch, hosts: next.manifest.hosts.length })
    return true
  }

  return {
    identity,
    swarmKey,
    secretOf: chapSecretsOf(await sealKeyOf(files, log)),
    clusterPublicKey,
    sign: privateKey === null ? null : (manifest) => signManifest(manifest, { privateKey }),
    signedManifest: () => signed,
    takeManifest(next) {
      const turn = last.then(() => store(next))
      // The next one waits for the end of this one, however it ends; the caller hears of a failure.
      last = turn.catch(() => null)
      return turn
    },
  }
}

/** A public key that is none has signed nothing. */
function isSignedBy(signed: SignedManifest, publicKey: string): boolean {
  try {
    return verifyManifest(signed, publicKey)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

async function readManifest(file: string): Promise<SignedManifest> {
  const text = await readOr(file, () => readFile(file, 'utf8'))
  const parsed = parseSignedManifest(parseJson(text))
  if (parsed === null) throw new StartProblem(`${file} is damaged`, { remedy: `scp ANOTHER-HOST:${file} ${file}` })
  return parsed
}

async function sealKeyOf(files: DirectoryFiles, log: Log): Promise<Uint8Array> {
  const there = await readBytesIfThere(files.sealKey)
  if (there !== null) return there
  if (!(await isThere(files.newMarker)))
    log.error('host-key-lost', { file: files.sealKey, remedy: 'what is attached to volumes of this host has to be attached anew' })
  const key = randomBytes(SEAL_KEY_BYTES)
  await writeDurably(files.sealKey, key)
  return key
}

async function readOr<Value>(file: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new StartProblem(`${file} is missing`, {
        remedy: `scoria init --name HOST --dir ${dirname(file)}   # or scoria join TOKEN --name HOST --dir ${dirname(file)}`,
        cause: error,
      })
    if (error instanceof KeyFileExposed)
      throw new StartProblem(`${file} is open to others (mode 0${error.mode.toString(8)})`, {
        remedy: `chmod 600 ${file}   # if somebody may have read it, join anew`,
        cause: error,
      })
    throw new StartProblem(`${file}: ${error instanceof Error ? error.message : String(error)}`, {
      remedy: `ls -l ${file}   # restore it from a backup, or join anew`,
      cause: error,
    })
  }
}

async function readIfThere(file: string): Promise<string | null> {
  const bytes = await readBytesIfThere(file)
  return bytes === null ? null : Buffer.from(bytes).toString('utf8')
}

async function readBytesIfThere(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new StartProblem(`${file} cannot be read (${codeOf(error)})`, { remedy: `ls -l ${file}`, cause: error })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
