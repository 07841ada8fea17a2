/**
 * Which status may follow which, in the part of Cinder's state machine that there is here.
 *
 * A volume that may be attached several times has the status that follows from all of its attachments, and so moves
 * freely among those.
 */
import type { VolumeStatus } from '../../../lib/model/volume.ts'

export type LifeStatus = VolumeStatus | 'gone'

const MOVES: Readonly<Record<LifeStatus, readonly LifeStatus[]>> = {
  creating: ['available', 'error'],
  // os-attach alone: nobody has to be connected.
  available: ['reserved', 'attaching', 'in-use', 'extending', 'reverting', 'awaiting-transfer', 'deleting', 'unmanaging'],
  reserved: ['attaching', 'available'],
  // Not exported after all, and back to where it came from; or let go of before anybody said that it is in use.
  attaching: ['in-use', 'reserved', 'available', 'detaching'],
  // At once, of what is in use without an export.
  'in-use': ['detaching', 'extending', 'available'],
  // It was said that it would be detached, and taken back; or a fence was refused, and is tried again.
  detaching: ['available', 'in-use', 'attaching'],
  extending: ['available', 'in-use', 'error_extending'],
  // Whoever uses it may still say so, and let go of it.
  error_extending: ['deleting', 'available', 'reserved', 'attaching', 'in-use', 'detaching'],
  'awaiting-transfer': ['available', 'deleting'],
  reverting: ['available', 'error'],
  deleting: ['gone', 'error_deleting'],
  // The tool would not let it go: it is as it was.
  unmanaging: ['gone', 'available'],
  error_deleting: ['deleting'],
  error: ['deleting'],
  gone: [],
}

const OF_ATTACHMENTS: readonly LifeStatus[] = ['available', 'reserved', 'attaching', 'in-use', 'detaching']

/** What a record is of. */
export type LifeKind = 'plain' | 'multiattach' | 'group'

export function mayFollow(from: LifeStatus, to: LifeStatus, kind: LifeKind): boolean {
  if (from === to) return from !== 'gone'
  // A volume in it would not go.
  if (kind === 'group' && from === 'deleting' && to === 'error') return true
  if (kind === 'multiattach' && OF_ATTACHMENTS.includes(from) && OF_ATTACHMENTS.includes(to)) return true
  return MOVES[from].includes(to)
}

/** A host that had forgotten an extend grows the volume when it hears of it, wherever those who attach it have got to. */
export function mayTakeUp(from: LifeStatus, to: LifeStatus): boolean {
  const [other, extending] = from === 'extending' ? [to, from] : [from, to]
  return extending === 'extending' && OF_ATTACHMENTS.includes(other)
}
