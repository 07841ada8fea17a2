/**
 * Carries steps out, one after the other, until one is refused or the time is up.
 *
 * What is there already need not be made, and what is gone need not be removed: somebody was faster, and that will do.
 * No text that is written is ever told.
 */
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { Step } from './steps.ts'
import { codeOf, type Tree } from './tree.ts'

/** Asked before each step. */
export type IsOver = () => boolean

export interface Executed {
  /** Somebody else did one of the steps, and may have done it otherwise: worth a look. */
  readonly hadCompany: boolean
}

export function execute(tree: Tree, steps: readonly Step[], isOver: IsOver): Outcome<Executed> {
  let hadCompany = false
  for (const step of steps) {
    if (isOver()) return timeIsUp(`before: ${shown(step)}`)
    try {
      take(tree, step)
    } catch (error) {
      if (isDone(step, codeOf(error))) {
        if (step.kind !== 'make' || step.isShared !== true) hadCompany = true
        continue
      }
      return failed(`${shown(step)}: ${codeOf(error) ?? String(error)}${step.remedy === undefined ? '' : `: ${step.remedy}`}`)
    }
  }
  return done({ hadCompany })
}

function take(tree: Tree, step: Step): void {
  switch (step.kind) {
    case 'make':
      return tree.makeFolder(step.path)
    case 'write':
      return tree.write(step.path, step.text)
    case 'link':
      return tree.makeLink(step.path, step.to)
    case 'unlink':
      return tree.removeLink(step.path)
    case 'remove':
      return tree.removeFolder(step.path)
  }
}

function isDone({ kind }: Step, code: string | null): boolean {
  if (kind === 'make') return code === 'EEXIST'
  return code === 'ENOENT' && (kind === 'unlink' || kind === 'remove')
}

/** A step for a person: what and where, and not what is written. */
export function shown({ kind, path }: Step): string {
  return `${kind} ${path}`
}

export function failed(detail: string): Outcome<never> {
  return { kind: 'failed', tool: 'lio', detail }
}

export function timeIsUp(detail: string): Outcome<never> {
  return { kind: 'unknown', tool: 'lio', detail: `the time limit passed ${detail}` }
}
