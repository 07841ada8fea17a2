/**
 * A `none` backend that rehearses what storage does on a bad day: it refuses, says nothing, hangs, is late, and lies.
 *
 * What is done and what is reported are drawn apart. It keeps the order of all backends: whatever has its effect after its
 * time limit has it before the next call for the same volume. With all parts at 0 it is a backend like any other.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type AbortSignalLike, type Backend, volumeBehind } from '../../../lib/ports/backend.ts'
import type { Drill } from '../../../lib/config/drill.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { Outcome } from '../../../lib/ports/outcome.ts'
import { createTurns, inTime } from '../turns.ts'
import { createNoneBackend, type NoneBackendOptions } from './backend.ts'
import { keep, openKept } from './kept.ts'

export type DrillFault = 'fail-before' | 'fail-after' | 'unknown-before' | 'unknown-after' | 'hang' | 'late' | 'slow'

export interface DrillOptions extends NoneBackendOptions {
  readonly drill: Drill
  /** Numbers from 0 to below 1 that this seed decides. */
  readonly drawsOf: (seed: string) => () => number
  readonly onFault: (fault: DrillFault, call: string) => void
}

type Work<Value> = () => Promise<Outcome<Value>>

const TOOL = 'drill'
/** Longest time from the time limit to an effect that is late. */
const LATE_MS_MAX = 1000

/** @throws if the file of the drill is none of ours */
export function createDrillBackend({ drill, drawsOf, onFault, ...options }: DrillOptions): Backend {
  const kept = openKept(drill.file)
  // Each life has faults of its own: the same ones at each start would never let what they meet get through.
  const draw = drawsOf(`${drill.seed}/${kept.life}`)
  const plain = createNoneBackend(options, { ...kept, isLasting: true, save: () => keep(drill.file, kept) })
  const turns = createTurns(TOOL)

  const troubled = <Value>(call: string, work: Work<Value>, signal: AbortSignalLike): Work<Value> => {
    const fault = drawFault(drill, draw)
    if (fault === null) return work
    const waitMs = draw() * (fault === 'slow' ? drill.slowMsMax : LATE_MS_MAX)
    onFault(fault, call)
    return () => suffer(fault, work, waitMs, signal)
  }
  const onOne = <Value>(call: string, volume: VolumeId, work: Work<Value>, signal: AbortSignalLike): Promise<Outcome<Value>> =>
    turns.take([volume], troubled(call, work, signal), signal)
  const onAll = <Value>(call: string, work: Work<Value>, signal: AbortSignalLike): Promise<Outcome<Value>> =>
    inTime(TOOL, troubled(call, work, signal), signal)

  return {
    name: plain.name,
    isLasting: plain.isLasting,
    measure: (signal) => onAll('measure', () => plain.measure(signal), signal),
    create: (volume, tags, signal) => onOne('create', volume.id, () => plain.create(volume, tags, signal), signal),
    copy: (volume, source, tags, signal) =>
      turns.take(
        [volume.id, volumeBehind(source)],
        troubled('copy', () => plain.copy(volume, source, tags, signal), signal),
        signal,
      ),
    extend: (volume, signal) => onOne('extend', volume.id, () => plain.extend(volume, signal), signal),
    revert: (volume, snapshot, rid, signal) => onOne('revert', volume.id, () => plain.revert(volume, snapshot, rid, signal), signal),
    retag: (volume, project, signal) => onOne('retag', volume, () => plain.retag(volume, project, signal), signal),
    remove: (volume, signal) => onOne('remove', volume, () => plain.remove(volume, signal), signal),
    adopt: (volume, name, tags, signal) => onOne('adopt', volume.id, () => plain.adopt(volume, name, tags, signal), signal),
    release: (volume, signal) => onOne('release', volume, () => plain.release(volume, signal), signal),
    listExisting: (signal) => onAll('list-existing', () => plain.listExisting(signal), signal),
    inspect: (volume, signal) => onOne('inspect', volume, () => plain.inspect(volume, signal), signal),
    list: (signal) => onAll('list', () => plain.list(signal), signal),
    quarantine: (volume, signal) => onOne('quarantine', volume, () => plain.quarantine(volume, signal), signal),
    createSnapshot: (snapshot, tags, signal) =>
      onOne('create-snapshot', snapshot.volume, () => plain.createSnapshot(snapshot, tags, signal), signal),
    removeSnapshot: (snapshot, signal) => onOne('remove-snapshot', snapshot.volume, () => plain.removeSnapshot(snapshot, signal), signal),
    inspectSnapshot: (snapshot, signal) =>
      onOne('inspect-snapshot', snapshot.volume, () => plain.inspectSnapshot(snapshot, signal), signal),
    adoptSnapshot: (snapshot, name, tags, signal) =>
      onOne('adopt-snapshot', snapshot.volume, () => plain.adoptSnapshot(snapshot, name, tags, signal), signal),
    releaseSnapshot: (snapshot, signal) =>
      onOne('release-snapshot', snapshot.volume, () => plain.releaseSnapshot(snapshot, signal), signal),
    listSnapshots: (signal) => onAll('list-snapshots', () => plain.listSnapshots(signal), signal),
    quarantineSnapshot: (snapshot, signal) =>
      onOne('quarantine-snapshot', snapshot.volume, () => plain.quarantineSnapshot(snapshot, signal), signal),
    devicePath: plain.devicePath,
    wake: plain.wake,
  }
}

function drawFault(drill: Drill, draw: () => number): DrillFault | null {
  const isDone = draw() < 0.5
  const table: readonly (readonly [number, DrillFault])[] = [
    [drill.failBeforePercent, 'fail-before'],
    [drill.failAfterPercent, 'fail-after'],
    [drill.unknownPercent, isDone ? 'unknown-after' : 'unknown-before'],
    [drill.hangPercent, isDone ? 'late' : 'hang'],
    [drill.slowPercent, 'slow'],
  ]
  let left = draw() * 100
  for (const [percent, fault] of table) {
    if (left < percent) return fault
    left -= percent
  }
  return null
}

async function suffer<Value>(fault: DrillFault, work: Work<Value>, waitMs: number, signal: AbortSignalLike): Promise<Outcome<Value>> {
  switch (fault) {
    case 'slow':
      await pause(waitMs)
      return work()
    case 'late':
      await untilAborted(signal)
      await pause(waitMs)
      return work()
    case 'hang':
      await untilAborted(signal)
      break
    case 'fail-after':
    case 'unknown-after':
      await work()
      break
    case 'fail-before':
    case 'unknown-before':
      break
  }
  const kind = fault === 'fail-before' || fault === 'fail-after' ? 'failed' : 'unknown'
  return { kind, tool: TOOL, detail: fault }
}

function untilAborted(signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', resolve)
  })
}
