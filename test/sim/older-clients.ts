/**
 * Clients who know nothing of attachments as a resource: lives as Terraform and old computes lead them, cut off anywhere, and
 * single calls out of any order.
 */
import { attachmentId } from '../../lib/model/ids.ts'
import type { OlderAttach } from '../../lib/model/older-attach.ts'
import type { Operation } from '../../lib/model/request.ts'
import type { AttachmentBook, VolumeBook } from './history.ts'
import type { Random } from './random.ts'

/** Calls to be made one after the other, whatever becomes of each. */
export function drawOlderLife(random: Random, book: VolumeBook): readonly Operation[] {
  const host = `host-${random.below(3)}`
  const of = { random, book, host, initiator: `iqn.2026-01.example:${host}` }
  const instance = random.chance(0.3) ? random.uuid() : null
  const allowUnsafe = random.chance(0.7)
  const calls: Readonly<Record<string, () => Operation>> = {
    reserve: () => ({ kind: 'reserve', attachment: proposed(of) }),
    unreserve: () => ({ kind: 'unreserve' }),
    initialize: () => ({
      kind: 'initialize',
      attachment: proposed(of),
      connector: connectorOf(of),
      mode: random.chance(0.1) ? 'ro' : null,
    }),
    hold: () => ({
      kind: 'hold',
      attachment: proposed(of),
      instance,
      host: instance === null ? host : null,
      mode: 'rw',
      mountpoint: '/dev/vdb',
    }),
    begin: () => ({ kind: 'begin-detaching' }),
    roll: () => ({ kind: 'roll-detaching' }),
    terminate: () => ({ kind: 'terminate', initiator: random.chance(0.9) ? of.initiator : null, allowUnsafe }),
    flag: () => ({ kind: 'set-read-only', readOnly: random.chance(0.5) }),
    let: () => ({ kind: 'let-go', which: random.chance(0.3) ? known(of) : null, initiator: null, allowUnsafe }),
  }
  const life = random.pick([
    ['initialize', 'hold', 'terminate', 'let'],
    ['reserve', 'initialize', 'hold', 'begin', 'terminate', 'let'],
    ['reserve', 'initialize', 'terminate', 'unreserve'],
    ['flag', 'initialize', 'terminate', 'flag'],
    ['hold', 'initialize', 'begin', 'roll', 'terminate', 'initialize', 'let'],
    [random.pick(Object.keys(calls))],
  ])
  return life.slice(0, random.between(1, life.length)).flatMap((name) => calls[name]?.() ?? [])
}

interface Of {
  readonly random: Random
  readonly book: VolumeBook
  readonly host: string
  readonly initiator: string
}

/** An id that the attachment may get; whether one is made is for the owner to say. */
function proposed({ random, book, initiator }: Of): AttachmentBook['id'] {
  const id = attachmentId(random.uuid())
  book.attachments.set(id, { id, initiator, isOlder: true, connection: null, ackedMs: null, isDetachAsked: false, detachAckedMs: null })
  return id
}

function known({ random, book }: Of): AttachmentBook['id'] | null {
  const there = [...book.attachments.values()].filter(({ ackedMs }) => ackedMs !== null)
  return there.length === 0 ? null : random.pick(there).id
}

function connectorOf({ host, initiator }: Of): Extract<OlderAttach, { kind: 'initialize' }>['connector'] {
  return { initiator, host, ip: null, multipath: false, mountpoint: null }
}
