/**
 * The hands of this host as its configuration names them: what makes volumes and what exports them.
 *
 * Each is looked at before it is used. What will not do ends the start with a line that names the remedy.
 */
import type { AgentConfig } from '../lib/config/agent-config.ts'
import type { BackendConfig, LvmBackendConfig, NoneBackendConfig } from '../lib/config/backend-config.ts'
import type { PlacementOptions } from '../lib/model/placement.ts'
import { assertNever } from '../lib/model/invariant.ts'
import type { Backend } from '../lib/ports/backend.ts'
import type { Exec } from '../lib/ports/exec.ts'
import type { Log } from '../lib/ports/log.ts'
import type { Target } from '../lib/ports/target.ts'
import { createFileBackend } from './backend/file/backend.ts'
import { checkFileBackend } from './backend/file/check.ts'
import { clearCopies } from './backend/file/copy-file.ts'
import { createLvmBackend } from './backend/lvm/backend.ts'
import { checkLvmBackend } from './backend/lvm/check.ts'
import { createVolumeGroup, type VolumeGroup } from './backend/lvm/volume-group.ts'
import { createNoneBackend } from './backend/none/backend.ts'
import { createDrillBackend } from './backend/none/drill.ts'
import { withFunctions } from './backend/with-functions.ts'
import { StartProblem } from './start-problem.ts'
import { seededDraws } from './system/draws.ts'
import { checkLio } from './target/lio/check.ts'
import { createLioTarget } from './target/lio/target.ts'
import { checkTgt } from './target/tgt/check.ts'
import { createTgtTarget } from './target/tgt/target.ts'

/** @throws StartProblem if a backend's place will not do */
export async function openBackends({ backends, placement }: AgentConfig, exec: Exec, log: Log): Promise<readonly Backend[]> {
  const groups = new Map<string, VolumeGroup>()
  const opened: Backend[] = []
  for (const config of backends) opened.push(withFunctions(await openBackend(config, { placement, groups, exec, log }), config))
  return opened
}

interface Opening {
  readonly placement: PlacementOptions
  /** One queue for each volume group, whoever uses it. */
  readonly groups: Map<string, VolumeGroup>
  readonly exec: Exec
  readonly log: Log
}

async function openBackend(config: BackendConfig, opening: Opening): Promise<Backend> {
  switch (config.kind) {
    case 'none':
      return openNone(config, opening.log)
    case 'lvm':
      return await openLvm(config, opening)
    case 'file': {
      const { path, ...rest } = config
      await demand(checkFileBackend(path))
      await clearCopies(path)
      return createFileBackend({ ...rest, directory: path, exec: opening.exec })
    }
    default:
      return assertNever(config)
  }
}

async function openLvm(config: LvmBackendConfig, { placement, groups, exec, log }: Opening): Promise<Backend> {
  const { thinPool, thinPoolGiB, ...rest } = config
  const vg = groups.get(config.vg) ?? createVolumeGroup({ exec, name: config.vg })
  groups.set(config.vg, vg)
  const place = { vg: config.vg, thinPool }
  await demand(checkLvmBackend({ exec, vg, place, thinPoolGiB }))
  const guard = { dataPercentMax: placement.thinDataPercentMax, metadataPercentMax: placement.thinMetadataPercentMax }
  const backend = createLvmBackend({ ...rest, vg, place, guard, exec, log })
  // May take hours, and what is asked of such a volume meanwhile waits for it.
  void backend.finishLeftovers(new AbortController().signal)
  return backend
}

async function demand(checking: Promise<string | null>): Promise<void> {
  const problem = await checking
  if (problem !== null) throw new StartProblem(problem)
}

function openNone({ drill, ...options }: NoneBackendConfig, log: Log): Backend {
  if (drill === null) return createNoneBackend(options)
  log.warn('drill', { backend: options.name, ...drill })
  try {
    return createDrillBackend({
      ...options,
      drill,
      drawsOf: seededDraws,
      onFault: (fault, call) => log.info('drill-fault', { fault, call }),
    })
  } catch (error) {
    throw new StartProblem(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

export interface OpenedTarget {
  /** Null where nothing can be attached. */
  readonly target: Target | null
  stop(): Promise<void>
}

/** @throws StartProblem if the target does not answer */
export async function openTarget({ target }: AgentConfig, exec: Exec, log: Log): Promise<OpenedTarget> {
  switch (target.kind) {
    case 'none':
      return { target: null, stop: async () => {} }
    case 'tgt': {
      const { controlPort, portal } = target
      await demand(checkTgt({ exec, controlPort, portal }))
      return { target: createTgtTarget({ controlPort, portal, exec, log }), stop: async () => {} }
    }
    case 'lio': {
      const { portal } = target
      await demand(checkLio({ portal }))
      const lio = createLioTarget({ portal, log })
      return { target: lio, stop: () => lio.stop() }
    }
    default:
      return assertNever(target)
  }
}
