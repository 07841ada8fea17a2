/**
 * Makes the folder of a local cluster: every peer a member and a voter of one manifest, signed at once.
 *
 * What a start with other options would change (peers, ports, backend) is written down at the first start and held
 * against the later ones: a cluster is continued, never quietly turned into another.
 */
import { readFile } from 'node:fs/promises'
import { toMultiaddr } from '../../lib/config/address.ts'
import { directoryFiles } from '../../lib/config/directory.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { compareText } from '../../lib/model/ids.ts'
import type { Manifest, ManifestHost, SignedManifest } from '../../lib/model/manifest.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { agentYaml } from '../command/agent-yaml.ts'
import { CommandProblem } from '../command/command-problem.ts'
import { type DevAuth, type DevBackend, type DevOptions, type DevPeer, devConfigJson, passwordFileOf } from './dev-plan.ts'
import {
  clusterKeySteps,
  exists,
  folderStep,
  identityStep,
  manifestStep,
  publicKeyStep,
  swarmKeyStep,
  takeSteps,
  type Step,
} from '../command/host-steps.ts'
import { defaultType } from '../command/init.ts'
import { loadIdentity, loadSwarmKey } from '../peer/identity.ts'
import { signManifest } from '../peer/manifest.ts'
import { writeDurably } from '../system/durable-file.ts'
import { systemUuid } from '../system/random.ts'

/** What the folder was made with. */
export interface DevRecord {
  readonly peers: number
  readonly apiPort: number
  readonly backend: DevBackend
  readonly auth: DevAuth['kind']
}

/** The record of an earlier start, or null for a new folder. @throws CommandProblem if it is not one of ours */
export async function readDevRecord(directory: string): Promise<DevRecord | null> {
  const file = recordFile(directory)
  if (!(await exists(file))) return null
  const json = parseJson(await readFile(file, 'utf8'))
  if (!isObject(json)) throw damaged(file)
  const { peers, apiPort, backend, auth } = json
  if (typeof peers !== 'number' || typeof apiPort !== 'number' || (backend !== 'file' && backend !== 'none')) throw damaged(file)
  if (auth !== 'none' && auth !== 'builtin' && auth !== 'keystone') throw damaged(file)
  return { peers, apiPort, backend, auth }
}

/** Finishes whatever an earlier run left unfinished. */
export async function makeCluster(directory: string, peers: readonly DevPeer[], options: DevOptions): Promise<void> {
  const [founder] = peers
  if (founder === undefined) return
  const founding = directoryFiles(founder.directory)
  const nothing = (): void => undefined
  for (const peer of peers) await takeSteps(ownSteps(peer, options), false, nothing)
  await takeSteps([folderStep('invitations', founding.invites), swarmKeyStep(founding, null), ...clusterKeySteps(founding)], false, nothing)
  await takeSteps([manifestStep(founding, () => firstManifest(peers, options))], false, nothing)
  const swarmKey = await loadSwarmKey(founding.swarmKey)
  const publicKey = (await readFile(founding.clusterPublicKey, 'utf8')).trim()
  const manifest = await readFile(founding.manifest, 'utf8')
  for (const peer of peers.slice(1)) {
    const files = directoryFiles(peer.directory)
    const copy: Step = { what: 'manifest', where: files.manifest, make: () => writeDurably(files.manifest, manifest) }
    await takeSteps([swarmKeyStep(files, swarmKey), publicKeyStep(files, publicKey), copy], false, nothing)
  }
  const record: DevRecord = { peers: peers.length, apiPort: options.apiPort, backend: options.backend, auth: options.auth.kind }
  await writeDurably(recordFile(directory), `${JSON.stringify(record)}\n`)
}

function ownSteps(peer: DevPeer, options: DevOptions): readonly Step[] {
  const config = agentYaml(devConfigJson(peer, options))
  return [
    folderStep('folder', peer.directory),
    folderStep('volume folder', `${peer.directory}/volumes`),
    identityStep(directoryFiles(peer.directory)),
    ...passwordSteps(peer, options.auth),
    { what: 'configuration', where: peer.configFile, make: () => writeDurably(peer.configFile, config) },
  ]
}

function passwordSteps(peer: DevPeer, auth: DevAuth): readonly Step[] {
  if (auth.kind !== 'keystone') return []
  const where = passwordFileOf(peer)
  return [{ what: 'password', where, make: () => writeDurably(where, `${auth.password.reveal()}\n`) }]
}

async function firstManifest(peers: readonly DevPeer[], options: DevOptions): Promise<SignedManifest> {
  const hosts: ManifestHost[] = []
  for (const peer of peers) {
    const { peerId } = await loadIdentity(directoryFiles(peer.directory).identity)
    hosts.push({ peer: peerId, name: peer.name, addrs: [toMultiaddr(peer.peer)], zone: 'nova', voter: true, state: 'member' })
  }
  const manifest: Manifest = {
    cluster: systemUuid(),
    epoch: 1,
    prev: '',
    expect: peers.length,
    voting: { epoch: 1, former: null },
    hosts: hosts.sort((a, b) => compareText(a.peer, b.peer)),
    left: [],
    types: [defaultType()],
    limits: options.limits,
  }
  const founding = directoryFiles(peers[0]?.directory ?? '')
  return signManifest(manifest, { privateKey: await readFile(founding.clusterKey, 'utf8') })
}

function recordFile(directory: string): string {
  return `${directory}/dev.json`
}

function damaged(file: string): CommandProblem {
  return new CommandProblem(EXIT.failed, `${file} is damaged`, 'remove the folder, or take another with --dir')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
