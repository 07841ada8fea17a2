/**
 * A backend that reports, with each measure, what its operator says of who may come and how well: the filter and goodness
 * functions of `agent.yaml`, under Cinder's keys. Whoever ranks pools computes with them; the backend itself does not.
 */
import type { Capabilities } from '../../lib/model/placement.ts'
import type { Backend } from '../../lib/ports/backend.ts'

export interface Functions {
  /** Null: everything may come. */
  readonly filterFunction: string | null
  readonly goodnessFunction: string | null
}

export function withFunctions(backend: Backend, { filterFunction, goodnessFunction }: Functions): Backend {
  const said: Capabilities = {
    ...(filterFunction === null ? {} : { filter_function: filterFunction }),
    ...(goodnessFunction === null ? {} : { goodness_function: goodnessFunction }),
  }
  return {
    ...backend,
    async measure(signal) {
      const outcome = await backend.measure(signal)
      if (outcome.kind !== 'ok') return outcome
      return { ...outcome, value: outcome.value.map((pool) => ({ ...pool, capabilities: { ...pool.capabilities, ...said } })) }
    },
  }
}
