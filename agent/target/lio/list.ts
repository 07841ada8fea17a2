/**
 * Which exports are there, and what is wrong with those whose specification is known.
 *
 * One that is damaged counts as missing, so that it is exposed again; the damage is told for the log. What nobody here
 * knows is listed however little of it there is: it may let somebody in.
 */
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { shown } from './execute.ts'
import { planOf } from './expose.ts'
import { ourIqns } from './present.ts'
import type { Tree } from './tree.ts'

export interface ListedExport {
  readonly iqn: string
  /** What would have to be done, without any text that would be written; null: nothing, or nobody knows. */
  readonly damage: readonly string[] | null
}

export function listExports(tree: Tree, known: readonly ExportSpec[], portal: string): readonly ListedExport[] {
  const specs = new Map(known.map((spec) => [spec.iqn, spec]))
  const iqns = ourIqns(tree)
  return iqns.map((iqn) => {
    const spec = specs.get(iqn)
    return { iqn, damage: spec === undefined ? null : damageOf(tree, spec, portal, iqns) }
  })
}

function damageOf(tree: Tree, spec: ExportSpec, portal: string, iqns: readonly string[]): readonly string[] | null {
  const plan = planOf(tree, spec, portal, true, iqns)
  if (plan.kind === 'refused') return [plan.reason]
  return plan.steps.length === 0 ? null : plan.steps.map(shown)
}
