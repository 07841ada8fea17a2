/**
 * The hands of this host as its configuration names them: what makes volumes and what exports them.
 *
 * Each is looked at before it is used. What will not do ends the start with a line that names the remedy.
 */
import type { AgentConfig, BackendConfig, NoneBackendConfig } from '../lib/config/agent-config.ts'
import { assertNever } from '../lib/model/invariant.ts'
import type { Backend } from '../lib/ports/backend.ts'
import type { Exec } from '../lib/ports/exec.ts'
import type { Log } from '../lib/ports/log.ts'
import type { Target } from '../lib/ports/target.ts'
import { createFileBackend } from './backend/file/backend.ts'
import { checkFileBackend } from './backend/file/check.ts'
import { clearCopies } from './backend/file/copy-file.ts'
import { createNoneBackend } from './backend/none/backend.ts'
import { createDrillBackend } from './backend/none/drill.ts'
import { StartProblem } from './start-problem.ts'
import { seededDraws } from './system/draws.ts'
import { checkLio } from './target/lio/check.ts'
import { createLioTarget } from './target/lio/target.ts'
import { checkTgt } from './target/tgt/check.ts'
import { createTgtTarget } from './target/tgt/target.ts'

/** @throws StartProblem if a backend's place will not do */
export async function openBackends(configs: readonly BackendConfig[], exec: Exec, log: Log): Promise<readonly Backend[]> {
  const backends: Backend[] = []
  for (const config of configs) {
    if (config.kind === 'none') {
      backends.push(openNone(config, log))
      continue
    }
    const { path, ...rest } = config
    const problem = await checkFileBackend(path)
    if (problem !== null) throw new StartProblem(problem)
    await clearCopies(path)
    backends.push(createFileBackend({ ...rest, directory: path, exec }))
  }
  return backends
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
      startProblemUnlessNull(await checkTgt({ exec, controlPort, portal }))
      return { target: createTgtTarget({ controlPort, portal, exec, log }), stop: async () => {} }
    }
    case 'lio': {
      const { portal } = target
      startProblemUnlessNull(await checkLio({ portal }))
      const lio = createLioTarget({ portal, log })
      return { target: lio, stop: () => lio.stop() }
    }
    default:
      return assertNever(target)
  }
}

function startProblemUnlessNull(problem: string | null): void {
  if (problem !== null) throw new StartProblem(problem)
}
