/**
 * `scoria init`: makes this host the first of a new cluster.
 *
 * It makes the cluster's key, which stays here, and signs the first manifest: this host, and how many founding hosts
 * have to join before the cluster takes volumes.
 */
import { readFile } from 'node:fs/promises'
import { directoryFiles } from '../../lib/config/directory.ts'
import type { Manifest, SignedManifest } from '../../lib/model/manifest.ts'
import { hostOf } from '../../lib/model/manifest.ts'
import type { Limits } from '../../lib/model/quota.ts'
import { DEFAULT_TYPE_NAME, type VolumeType } from '../../lib/model/volume-type.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CommandProblem } from './command-problem.ts'
import { checkedConfig, dialAddresses, type HostOptions } from './host-options.ts'
import {
  clusterKeySteps,
  configSteps,
  exists,
  folderStep,
  identityStep,
  manifestHere,
  manifestStep,
  type StepReport,
  storageSteps,
  swarmKeyStep,
  takeSteps,
} from './host-steps.ts'
import { loadIdentity } from '../peer/identity.ts'
import { signManifest } from '../peer/manifest.ts'
import { systemUuid } from '../system/random.ts'

export interface InitOptions {
  readonly host: HostOptions
  /** Founding hosts, this one included; whoever joins later votes too. */
  readonly expect: number
  readonly types: readonly VolumeType[]
  readonly limits: Limits
  readonly isDryRun: boolean
}

/**
 * @param tell hears of each step when it is done
 * @returns the manifest that holds here; null after a dry run on an empty folder
 * @throws CommandProblem if the folder belongs to another host or cluster
 */
export async function initHost(options: InitOptions, tell: (report: StepReport) => void): Promise<SignedManifest | null> {
  const { host } = options
  checkedConfig(host)
  const files = directoryFiles(host.directory)
  await refuseOtherMember(host)
  const steps = [
    folderStep('folder', host.directory),
    folderStep('invitations', files.invites),
    identityStep(files),
    swarmKeyStep(files, null),
    ...clusterKeySteps(files),
    manifestStep(files, () => firstManifest(options)),
    ...storageSteps(host),
    ...configSteps(host),
  ]
  await takeSteps(steps, options.isDryRun, tell)
  return await manifestHere(files)
}

/** The type that a create without one gets; it asks nothing of a pool. */
export function defaultType(): VolumeType {
  return { id: systemUuid(), name: DEFAULT_TYPE_NAME, description: 'Default Volume Type', extraSpecs: {} }
}

async function firstManifest({ host, expect, types, limits }: InitOptions): Promise<SignedManifest> {
  const files = directoryFiles(host.directory)
  const { peerId } = await loadIdentity(files.identity)
  const manifest: Manifest = {
    cluster: systemUuid(),
    epoch: 1,
    prev: '',
    expect,
    // A cluster of one is complete; any other waits for its founding hosts.
    voting: { epoch: expect === 1 ? 1 : 0, former: null },
    hosts: [{ peer: peerId, name: host.name, addrs: dialAddresses(host), zone: host.zone, voter: true, state: 'member' }],
    left: [],
    types: types.some((type) => type.name === DEFAULT_TYPE_NAME) ? types : [defaultType(), ...types],
    limits,
  }
  return signManifest(manifest, { privateKey: await readFile(files.clusterKey, 'utf8') })
}

async function refuseOtherMember(host: HostOptions): Promise<void> {
  const files = directoryFiles(host.directory)
  const signed = await manifestHere(files)
  // The public key comes with a join, or after the private one: alone it is another host's.
  if ((await exists(files.clusterPublicKey)) && !(await exists(files.clusterKey))) {
    throw new CommandProblem(
      EXIT.conflict,
      `${host.directory} belongs to a host that joined a cluster of another host`,
      'take another folder with --dir, or run the agent: scoria agent',
    )
  }
  if (signed === null) return
  const self = hostOf(signed.manifest, (await loadIdentity(files.identity)).peerId)
  if (self !== null && self.name !== host.name) {
    throw new CommandProblem(
      EXIT.conflict,
      `this host is a member already, under the name ${self.name}`,
      `repeat with --name ${self.name}, or take another folder with --dir`,
    )
  }
}
