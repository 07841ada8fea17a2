/**
 * Makes an export, or completes or rebuilds one that is damaged. What the kernel took is so, and reading all of it again would take
 * longer than making it; only if somebody else did one of the steps is it looked at once more. Later damage shows in `list`.
 */
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { volumeOfIqn } from '../iscsi-name.ts'
import { lookAtDevice } from './device.ts'
import { execute, failed, type IsOver, shown } from './execute.ts'
import { type Plan, planExpose } from './plan-expose.ts'
import { ourIqns, readPresent } from './present.ts'
import { isEqual, problemOf } from './spec.ts'
import type { Tree } from './tree.ts'

export interface ExposeCall {
  readonly spec: ExportSpec
  /** What was exposed last under this name, if this process knows. */
  readonly known: ExportSpec | null
  readonly portal: string
}

export function expose(tree: Tree, { spec, known, portal }: ExposeCall, isOver: IsOver): Outcome<void> {
  const problem = problemOf(spec)
  if (problem !== null) return failed(problem)
  if (known !== null && !isEqual(known, spec)) return failed(`target ${spec.iqn} is there with another specification`)
  const plan = planOf(tree, spec, portal, known !== null, ourIqns(tree))
  if (plan.kind === 'refused') return failed(plan.reason)
  if (plan.steps.length === 0) return done(undefined)
  const outcome = execute(tree, plan.steps, isOver)
  if (outcome.kind !== 'ok') return outcome
  if (!outcome.value.hadCompany) return done(undefined)
  const left = planOf(tree, spec, portal, true, ourIqns(tree))
  const [first] = left.kind === 'steps' ? left.steps : []
  if (left.kind === 'refused') return failed(left.reason)
  return first === undefined
    ? done(undefined)
    : failed(`target ${spec.iqn} was made and is not as wanted (${shown(first)}): another program uses it`)
}

/** What it would take to bring the export to its specification. */
export function planOf(tree: Tree, spec: ExportSpec, portal: string, isKnown: boolean, iqns: readonly string[]): Plan {
  const volume = volumeOfIqn(spec.iqn)
  const device = lookAtDevice(spec.devicePath)
  if (volume === null || typeof device === 'string') return { kind: 'refused', reason: typeof device === 'string' ? device : spec.iqn }
  return planExpose({ spec, device, volume, portal }, readPresent(tree, spec.iqn, iqns), isKnown)
}
