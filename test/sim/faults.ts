/**
 * Every kind of fault that the simulator makes, by what it is done to. A thousand seeds must hit each of them: one that
 * never hits proves nothing.
 */
const FAULTS = {
  process: [
    'crash: out of the blue',
    'crash: reboot',
    'crash: journal error',
    'crash: before a batch',
    'crash: in a batch',
    'crash: after a batch',
    'crash: before send',
    'crash: after send',
    'crash: before a backend call',
    'crash: in a backend call',
    'crash: after a backend call',
    'crash: before a target call',
    'crash: in a target call',
    'crash: after a target call',
    'process: stopped',
    'process: stalled',
    'replica: lost',
  ],
  disk: [
    'journal: unsynced batches kept',
    'journal: unsynced batches lost',
    'journal: slow sync',
    'journal: full',
    'journal: freed',
    'journal: error on sync',
    'journal: error on open',
    'journal: bit flipped',
    'journal: batches rotten',
    'journal: damage noticed',
    'journal: deleted',
    'journal: restored from a copy',
  ],
  backend: [
    'backend: failBefore',
    'backend: failAfter',
    'backend: unknownBefore',
    'backend: unknownAfter',
    'backend: hangs',
    'backend: done after the time-out',
    'backend: busy at remove',
    'backend: garbage listing',
    'backend: refused in a trouble',
    'backend: done in a crash',
    'backend: half done',
    'pool: gone',
    'pool: full',
    'pool: read-only',
  ],
  target: [
    'target: failBefore',
    'target: failAfter',
    'target: unknownBefore',
    'target: unknownAfter',
    'target: hangs',
    'target: done after the time-out',
    'target: fence cut short',
    'target: garbage listing',
    'target: refused in a trouble',
    'target: done in a crash',
    'target: half done',
    'target: daemon down',
    'target: restarted empty',
  ],
  network: [
    'network: lost',
    'network: duplicate',
    'network: overtaken',
    'network: straggler',
    'network: clog',
    'network: unreachable',
    'network: connection reset',
    'network: lost in a partition',
    'network: message checked',
    'partition: isolate-one',
    'partition: split',
    'partition: one-way',
    'partition: ring',
    'partition: flapping',
    'oracle: baseless report',
  ],
  cluster: [
    'cluster: rolling restart',
    'client: burst',
    'client: two peers at once',
    'client: trespass',
    'client: forged grant',
    'clock: an hour',
    'clock: an hour back',
    'clock: a year',
    'clock: a year back',
    'clock: a step back',
  ],
} as const

export interface FaultCount {
  readonly group: string
  readonly fault: string
  readonly hits: number
}

export function faultCounts(hits: Readonly<Record<string, number>>): readonly FaultCount[] {
  return Object.entries(FAULTS).flatMap(([group, faults]) => faults.map((fault) => ({ group, fault, hits: hits[fault] ?? 0 })))
}
