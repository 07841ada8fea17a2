/** What each action of volumes is: the rule that allows it, and how its operation is read and carried out. */
import type { Operation } from '../../lib/model/request.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { Parsed } from '../../lib/wire/cinder/input.ts'
import { type Answer, answer, type Call, type Edge, failed } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { locateVolume } from './locate.ts'
import { type Operated, operateOn } from './operate.ts'

export interface VolumeActionRow {
  /** Cinder's name of the rule. */
  readonly policy: string
  /** N of 3.N, where the action came later than its route. */
  readonly since?: number
  handle(edge: Edge, call: Call): Promise<Answer>
}

/** The volume is given where an operation names what it may make. */
export type OperationOf = (volume: Volume) => Operation

type Done = Extract<Operated, { ok: true }>

/** What is wrong with the body is told before the volume is looked for. */
export async function carryOut(
  edge: Edge,
  call: Call,
  operationOf: Parsed<OperationOf>,
  answerOf: (done: Done) => Answer = () => answer(202, null),
): Promise<Answer> {
  if (!operationOf.ok) return failed(operationOf.failure)
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const done = await operateOn(edge, call, found.view.volume, operationOf.value(found.view.volume))
  return done.ok ? answerOf(done) : failed(done.failure)
}

/** An action that nothing here can carry out. What is wrong with the request is told in the order in which Cinder looks. */
export async function turnDown<Asked>(
  edge: Edge,
  call: Call,
  asked: Parsed<Asked>,
  why: (volume: Volume, asked: Asked) => EdgeFailure,
): Promise<Answer> {
  if (!asked.ok) return failed(asked.failure)
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  return failed(found.ok ? why(found.view.volume, asked.value) : found.failure)
}
