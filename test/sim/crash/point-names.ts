/** Where a process may die around an effect, and in which manners. Made once: every effect of every seed has such points. */
import type { Effect } from '../../../lib/flows/step.ts'
import type { Manner } from './manner.ts'

export const KILLED: readonly Manner[] = ['killed']
export const IN_ANY_MANNER: readonly Manner[] = ['killed', 'power cut']

export const BEFORE = namesOfPoints('before')
export const AFTER = namesOfPoints('after')

function namesOfPoints(when: 'before' | 'after'): Readonly<Record<Effect['kind'], string>> {
  return {
    send: `${when} send`,
    reply: `${when} reply`,
    backend: `${when} backend`,
    target: `${when} target`,
    timer: `${when} timer`,
    cancel: `${when} cancel`,
    gossip: `${when} gossip`,
    publish: `${when} publish`,
    look: `${when} look`,
    replicate: `${when} replicate`,
    note: `${when} note`,
  }
}
