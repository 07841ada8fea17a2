/**
 * The thread that works on configfs: one call after the other, each as one piece.
 *
 * The kernel may keep a call waiting until a disk has answered, and nobody can call it off. Here it keeps nobody else
 * from working. Between two steps a call looks whether its time is up; nothing is begun after it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { configfsTree, LOAD_MODULES, NOT_LOADED } from './configfs.ts'
import { failed, timeIsUp } from './execute.ts'
import { expose } from './expose.ts'
import { fence, type Patience } from './fence.ts'
import type { Answer, Call, FromWorker, Setting, ToWorker } from './hand.ts'
import { listExports } from './list.ts'
import { codeOf, type Tree } from './tree.ts'

const { root, portal }: Setting = workerData
const tree = configfsTree(root)

parentPort?.on('message', ({ id, call, clock }: ToWorker) => {
  const answer: FromWorker = { id, outcome: answered(call, patienceOf(new Int32Array(clock))) }
  parentPort?.postMessage(answer)
})

function answered(call: Call, patience: Patience): Outcome<Answer> {
  if (patience.isOver()) return timeIsUp('in the queue')
  try {
    // What cannot be seen cannot be said to be gone.
    return tree.entries('core') === null ? failed(`${NOT_LOADED}: ${LOAD_MODULES}`) : perform(tree, call, patience)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const isForbidden = ['EPERM', 'EACCES'].includes(codeOf(error) ?? '')
    return { kind: 'unknown', tool: 'lio', detail: isForbidden ? `${detail}: run the agent as root` : detail }
  }
}

function perform(tree: Tree, call: Call, patience: Patience): Outcome<Answer> {
  switch (call.kind) {
    case 'expose':
      return emptied(expose(tree, { spec: call.spec, known: call.known, portal }, patience.isOver))
    case 'fence':
      return emptied(fence(tree, call.iqn, patience))
    case 'list':
      return done(listExports(tree, call.known, portal))
  }
}

function emptied(outcome: Outcome<void>): Outcome<Answer> {
  return outcome.kind === 'ok' ? done([]) : outcome
}

/** Sleeps no longer than until the time is up. */
function patienceOf(clock: Int32Array): Patience {
  return {
    isOver: () => Atomics.load(clock, 0) !== 0,
    pause: (ms) => void Atomics.wait(clock, 0, 0, ms),
  }
}
