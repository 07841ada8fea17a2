/** Looks at an agent's folder. Nothing is changed but for a small file that measures the disk and goes at once. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { AgentConfig } from '../../../lib/config/agent-config.ts'
import { directoryFiles } from '../../../lib/config/directory.ts'
import { type Finding, failure, fine } from '../../../lib/model/finding.ts'
import { type MembershipFiles, readMembership } from '../../cluster-files.ts'
import { StartProblem } from '../../start-problem.ts'
import { setAsideBefore } from '../../store/set-aside.ts'
import { measureSpace } from '../../store/space.ts'
import { probeFsync } from '../../system/fsync-probe.ts'
import { fileSystemOf, nearest } from '../../system/mounts.ts'
import { directoryFinding } from '../../system/start-checks.ts'
import { hostAddresses } from '../../target/portal.ts'
import { exists } from '../host-steps.ts'
import { type JournalFacts, judgeJournal, judgeKeys, judgeState, type KeyFacts } from './judge-state.ts'
import { judgeMembership } from './judge-membership.ts'

export interface StateView {
  readonly findings: readonly Finding[]
  /** Null if this host is no member, or its files do not fit. */
  readonly membership: MembershipFiles | null
}

/** A host that is still to be made: whether its folder can be, and on which disk. */
export async function lookAtFutureState(directory: string): Promise<StateView> {
  const folder = await nearest(directory)
  const made = (await exists(directory))
    ? await directoryFinding(directory)
    : fine('directory', `${directory} will be made by scoria init or scoria join`)
  return { findings: [made, ...(await diskFindings(folder))], membership: null }
}

export async function lookAtState(config: AgentConfig, configFile: string): Promise<StateView> {
  const { directory } = config
  const folder = await directoryFinding(directory)
  if (!(await exists(directory))) return { findings: [folder], membership: null }
  const findings: Finding[] = [folder, ...(await diskFindings(directory))]
  const files = directoryFiles(directory)
  const keys = await Promise.all([files.identity, files.swarmKey, files.sealKey, files.clusterKey].map(keyFacts))
  const judged = judgeKeys(keys, (await stat(directory)).uid)
  findings.push(...judged)
  // An agent does not read such a key.
  if (judged.some(({ level }) => level === 'fail')) return { findings, membership: null }
  try {
    const membership = await readMembership(files)
    const { identity, signed, swarmKey, clusterPublicKey } = membership
    findings.push(
      ...judgeMembership({
        self: identity.peerId,
        manifest: signed.manifest,
        swarmKeyFile: files.swarmKey,
        swarmKey: Buffer.from(swarmKey).toString('utf8'),
        hasOtherClusterKey: await isOtherKey(files.clusterKey, clusterPublicKey),
        configFile,
        config,
        addresses: hostAddresses(),
      }),
      judgeJournal(await journalFacts(directory, files.newMarker)),
    )
    return { findings, membership }
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error
    findings.push(failure('membership', error.found, error.remedy ?? `ls -l ${directory}`))
    return { findings, membership: null }
  }
}

async function diskFindings(directory: string): Promise<readonly Finding[]> {
  const { freeBytes, isShort } = await measureSpace(directory)
  return judgeState({ directory, fileSystem: await fileSystemOf(directory), freeBytes, isShort, fsync: await probeFsync(directory) })
}

async function keyFacts(file: string): Promise<KeyFacts> {
  if (!(await exists(file))) return { file, mode: null, uid: 0 }
  const { mode, uid } = await stat(file)
  return { file, mode: mode & 0o777, uid }
}

async function journalFacts(directory: string, newMarker: string): Promise<JournalFacts> {
  return {
    directory,
    isThere: await exists(`${directory}/journal`),
    isNew: await exists(newMarker),
    setAside: await setAsideBefore(`${directory}/journal`),
  }
}

async function isOtherKey(file: string, publicKey: string): Promise<boolean> {
  if (!(await exists(file))) return false
  try {
    const { x } = createPublicKey(createPrivateKey(await readFile(file, 'utf8'))).export({ format: 'jwk' })
    return Buffer.from(x ?? '', 'base64url').toString('base64') !== publicKey
  } catch (error) {
    // What does not parse is no key of this cluster either.
    if (error instanceof Error && 'code' in error) return true
    throw error
  }
}
