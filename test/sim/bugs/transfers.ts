/** Owners that are careless with a volume that changes hands: planted bugs 41 to 44, and 47. */
import { newOut } from '../../../lib/flows/out.ts'
import { commitRoom } from '../../../lib/flows/owner/room.ts'
import type { PeerEvent, Step } from '../../../lib/flows/step.ts'
import { type RequestId, requestId } from '../../../lib/model/ids.ts'
import { keyName, keyProof } from '../../../lib/model/transfer.ts'
import { type Bug, type Life, UNDISTORTED } from './distortion.ts'

/** The record is the other project's as soon as room is set aside for it. */
export const moveBeforeBind: Bug = {
  number: 41,
  title: 'a volume changes hands before the register has bound it',
  distortion: () => ({ ...UNDISTORTED, step: movedAtOnce }),
}

function movedAtOnce(step: Step, event: PeerEvent, { peer }: Life): Step {
  if (peer === null || event.kind !== 'message' || event.message.kind !== 'reserve-room') return step
  const owned = peer.owned.get(event.message.volume)
  if (owned?.pending?.kind !== 'accept') return step
  const out = newOut()
  commitRoom(peer, out, owned, event.from, { wallMs: owned.volume.createdAtMs, monoMs: 0 })
  return { batch: [...step.batch, ...out.batch], effects: [...step.effects, ...out.effects] }
}

/** The bytes stay tagged as the project's that they were. */
export const keepTags: Bug = {
  number: 42,
  title: 'the tags of the bytes do not follow',
  distortion: () => ({
    ...UNDISTORTED,
    step: (step) => ({
      ...step,
      effects: step.effects.map((effect) =>
        effect.kind === 'backend' && effect.call.kind === 'retag'
          ? { ...effect, call: { kind: 'inspect', volume: effect.volume } }
          : effect,
      ),
    }),
  }),
}

/** Whoever knows the transfer's id may have it. */
export const anyKey: Bug = {
  number: 43,
  title: 'a transfer is accepted with any key',
  distortion: () => ({ ...UNDISTORTED, event: withRightKey }),
}

function withRightKey(event: PeerEvent, { peer }: Life): PeerEvent {
  if (peer === null || event.kind !== 'message' || event.message.kind !== 'reserve-room') return event
  const { operation } = event.message
  if (operation.kind !== 'accept') return event
  const proof = keyProof(operation.transfer, peer.options.secretOf(keyName(operation.transfer)))
  return { ...event, message: { ...event.message, operation: { ...operation, proof } } }
}

/** The project that has given it away goes on counting it: what it had is never told to its register. */
export const countTwice: Bug = {
  number: 44,
  title: 'the totals of the project that gave stay as they were',
  distortion: () => ({ ...UNDISTORTED, step: withoutTheOther }),
}

function withoutTheOther(step: Step, _event: PeerEvent, { peer }: Life): Step {
  const settled = step.batch.filter(({ key, value }) => key.startsWith('settled/') && value !== undefined)
  const moved = [...(peer?.owned.values() ?? [])].find(({ volume }) => {
    const by = volume.transfer?.acceptedBy ?? null
    return by !== null && settled.some(({ key }) => key === `settled/${by}`)
  })
  const source = moved?.volume.transfer?.source
  if (peer === null || source === undefined) return step
  for (const [rid, entry] of peer.settled) if (entry.project === source && entry.seq === peer.log.seq) peer.settled.delete(rid)
  return { ...step, batch: step.batch.filter(({ key }) => !settled.some((op) => op.key === key) || peer.settled.has(ridIn(key))) }
}

/** The project that offers is not asked whether it has promised a delete. */
export const leaveUnasked: Bug = {
  number: 47,
  title: 'a volume changes hands whatever its own project was promised',
  distortion: () => ({ ...UNDISTORTED, rules: (rules) => ({ ...rules, leave: () => ({ puts: [], answer: { kind: 'left' } }) }) }),
}

function ridIn(key: string): RequestId {
  return requestId(key.slice('settled/'.length))
}
