/**
 * `scoria join`: makes this host a member of a cluster, with a token that `scoria invite` printed.
 *
 * The identity is made before the inviter is asked, and the answer is written down before the command ends, so that a
 * join that was cut off is finished by repeating the same line.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { directoryFiles, type DirectoryFiles } from '../../lib/config/directory.ts'
import { EXIT, type ExitCode } from '../../lib/config/exit-codes.ts'
import { acceptsManifest, type SignedManifest } from '../../lib/model/manifest.ts'
import type { JoinAnswer, JoinToken } from '../../lib/wire/join.ts'
import { CommandProblem } from './command-problem.ts'
import { checkedConfig, dialAddresses, type HostOptions } from './host-options.ts'
import {
  configSteps,
  exists,
  folderStep,
  identityStep,
  manifestHere,
  publicKeyStep,
  type Step,
  type StepReport,
  storageSteps,
  swarmKeyStep,
  takeSteps,
} from './host-steps.ts'
import { loadIdentity, loadSwarmKey } from '../peer/identity.ts'
import { joinCluster, type Joined } from '../peer/join-client.ts'
import { verifyManifest } from '../peer/manifest.ts'
import { writeDurably } from '../system/durable-file.ts'

export interface JoinOptions {
  readonly host: HostOptions
  readonly token: JoinToken
  readonly isDryRun: boolean
}

export interface JoinOutcome {
  readonly signedManifest: SignedManifest
}

/** What a join needs of the process around it. */
export interface JoinWorld {
  tell(report: StepReport): void
  /** One line for the operator. */
  say(line: string): void
  sleep(ms: number): Promise<void>
  nowMs(): number
}

const DOOR_TIMEOUT_MS = 10_000
/** How long the registers may take to move after the host before this one. With some thousand of them it takes seconds. */
const PATIENCE_MS = 60_000
const KNOCK_AGAIN_MS = 2000

/** @returns null after a dry run. @throws CommandProblem with the inviter's reason */
export async function joinHost(options: JoinOptions, world: JoinWorld): Promise<JoinOutcome | null> {
  const { host, token, isDryRun } = options
  const { tell } = world
  checkedConfig(host)
  const files = directoryFiles(host.directory)
  const before = await manifestHere(files)
  await takeSteps([folderStep('folder', host.directory), identityStep(files), ...storageSteps(host)], isDryRun, tell)
  if (isDryRun) return null
  const { peerId, privateKey } = await loadIdentity(files.identity)
  const self = { peer: peerId, name: host.name, addrs: dialAddresses(host), zone: host.zone }
  const joined = await knockUntilFree(
    () => joinCluster({ token, host: self, privateKey, randomBytes, verify: verifyManifest, timeoutMs: DOOR_TIMEOUT_MS }),
    world,
  )
  if (!joined.ok) throw refusedBy(joined.code, joined.facts)
  await refuseOtherCluster(files, before, joined.answer)
  const steps: readonly Step[] = [
    swarmKeyStep(files, Buffer.from(joined.answer.swarmKey, 'base64')),
    publicKeyStep(files, joined.answer.clusterPublicKey),
    ...configSteps(host),
  ]
  await takeSteps(steps, false, tell)
  // Last: a folder with a manifest is a member's folder.
  await keepManifest(files, before, joined.answer.signedManifest, tell)
  return { signedManifest: joined.answer.signedManifest }
}

/** Knocks again while the step of the host before this one is under way: hosts that vote join one at a time. */
export async function knockUntilFree(knock: () => Promise<Joined>, world: Omit<JoinWorld, 'tell'>): Promise<Joined> {
  const endsAtMs = world.nowMs() + PATIENCE_MS
  for (let waits = 0; ; waits += 1) {
    const joined = await knock()
    if (joined.ok || joined.code !== 'step-pending' || world.nowMs() >= endsAtMs) return joined
    if (waits === 0) world.say('waiting: the accounts still move after the change before this one; hosts join one at a time')
    await world.sleep(KNOCK_AGAIN_MS)
  }
}

async function keepManifest(
  files: DirectoryFiles,
  before: SignedManifest | null,
  signed: SignedManifest,
  tell: (report: StepReport) => void,
): Promise<void> {
  const isNews = before === null || acceptsManifest(before.manifest, signed.manifest)
  if (isNews) await writeDurably(files.manifest, `${JSON.stringify(signed)}\n`)
  tell({ what: 'manifest', where: files.manifest, state: isNews ? 'made' : 'there' })
}

/** Keys that lie here already have to be the ones of this cluster: they are never written over. */
async function refuseOtherCluster(files: DirectoryFiles, before: SignedManifest | null, answer: JoinAnswer): Promise<void> {
  const isSameCluster = before === null || before.manifest.cluster === answer.signedManifest.manifest.cluster
  const isSameKey =
    !(await exists(files.clusterPublicKey)) || (await readFile(files.clusterPublicKey, 'utf8')).trim() === answer.clusterPublicKey
  const isSameSwarm =
    !(await exists(files.swarmKey)) || Buffer.from(await loadSwarmKey(files.swarmKey)).toString('base64') === answer.swarmKey
  if (isSameCluster && isSameKey && isSameSwarm) return
  throw new CommandProblem(EXIT.conflict, 'this folder belongs to another cluster', 'take another folder with --dir')
}

function refusedBy(code: string, facts: Readonly<Record<string, unknown>>): CommandProblem {
  const say = (exitCode: ExitCode, ...lines: readonly string[]): CommandProblem => new CommandProblem(exitCode, ...lines)
  switch (code) {
    case 'unreachable':
      return say(
        EXIT.unreachable,
        `the inviting host does not answer at ${facts['door']} (${facts['detail']})`,
        'is its agent running, and may this host connect there? Then repeat the same line',
      )
    case 'token-expired':
      return say(EXIT.notAllowed, 'the token has expired', 'make a new one on the inviting host: scoria invite')
    case 'token-used':
      return say(
        EXIT.notAllowed,
        `the token was used by host ${facts['by']}; each serves one host`,
        'make a new one on the inviting host: scoria invite',
      )
    case 'token-unknown':
      return say(EXIT.notAllowed, 'the inviting host does not know this token', 'was it copied whole? Else make a new one: scoria invite')
    case 'name-taken':
      return say(
        EXIT.conflict,
        `another host of the cluster is named ${facts['name']}`,
        'repeat with another --name; the token is still good',
      )
    case 'step-pending':
      return say(
        EXIT.stillOpen,
        `the accounts still move after the change before this one, and hosts join one at a time (waited ${PATIENCE_MS / 1000} s)`,
        'are all agents running? See scoria host list. Then repeat the same line: the token is still good',
      )
    case 'host-lost':
      return say(
        EXIT.notAllowed,
        `this host was a member under the name ${facts['name']} and was marked as lost: its key is worth nothing any more`,
        'join as a new host: another --name and an empty folder with --dir',
      )
    case 'host-left':
      return say(
        EXIT.notAllowed,
        `this host was a member under the name ${facts['name']} and has left: its key is not taken again`,
        'join as a new host: an empty folder with --dir; the name may stay',
      )
    case 'too-many':
      return say(EXIT.unreachable, 'too many hosts knock at once', 'repeat the same line in a few seconds')
    default:
      return say(EXIT.failed, `the inviting host refused: ${code}${facts['detail'] === undefined ? '' : ` (${facts['detail']})`}`)
  }
}
