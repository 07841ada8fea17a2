/** Owners and copies that do not look at what they should: planted bugs 16, 18, 19, 24 and 25. */
import { exportIqn } from '../../../lib/model/attachment.ts'
import type { Effect, PeerEvent } from '../../../lib/flows/step.ts'
import { failure } from '../../../lib/model/failure.ts'
import type { PublishedRecord } from '../../../lib/model/log.ts'
import { proofText } from '../../../lib/model/proof.ts'
import { homeGroup } from '../../../lib/register/home-group.ts'
import { simSigner } from '../signer.ts'
import { type Bug, type Life, UNDISTORTED } from './distortion.ts'

/** Of two records the one with the later time counts, whichever its owner wrote last. */
export const lastTimeWins: Bug = {
  number: 16,
  title: 'the last writer by time wins',
  distortion: () => ({
    ...UNDISTORTED,
    event(event, life) {
      if (event.kind !== 'message' || event.message.kind !== 'delta') return event
      const { message } = event
      return { ...event, message: { ...message, records: message.records.filter((record) => isLater(record, life)) } }
    },
  }),
}

function isLater({ id, volume }: PublishedRecord, { peer }: Life): boolean {
  const known = peer?.view.volumes.get(id)?.volume
  return volume === null || known === undefined || (volume.updatedAtMs ?? 0) >= (known.updatedAtMs ?? 0)
}

/** A delete of a volume that is attached goes through: first its bytes, then its exports. */
export const deleteFirst: Bug = {
  number: 18,
  title: 'delete before un-export',
  distortion: () => ({
    ...UNDISTORTED,
    step(step, event, { peer }) {
      if (event.kind !== 'message' || event.message.kind !== 'operate') return step
      const { volume, operation } = event.message.request
      const owned = peer?.owned.get(volume)
      if (operation.kind !== 'delete' || owned === undefined || owned.volume.attachments.length === 0) return step
      const remove: Effect = { kind: 'backend', job: 'delete', volume, call: { kind: 'remove', volume } }
      const fences = owned.volume.attachments.map(
        ({ id, generation }): Effect => ({
          kind: 'target',
          job: `fence/${id}`,
          volume,
          call: { kind: 'fence', iqn: exportIqn(volume, generation) },
        }),
      )
      return { ...step, effects: [...step.effects, remove, ...fences] }
    },
  }),
}

export const anyProject: Bug = { number: 19, title: 'missing project check', distortion: () => ({ ...UNDISTORTED, event: fromAnywhere }) }

function fromAnywhere(event: PeerEvent): PeerEvent {
  if (event.kind !== 'client' || event.request.kind !== 'operate') return event
  return { ...event, request: { ...event.request, request: { ...event.request.request, project: null } } }
}

/** A coordinator refuses by what it has heard of the volume, and does not ask the owner. */
export const refuseByHearsay: Bug = {
  number: 24,
  title: 'a refusal by hearsay',
  distortion: () => ({
    ...UNDISTORTED,
    step(step, event, { peer }) {
      if (event.kind !== 'client' || event.request.kind !== 'operate') return step
      const { volume: id, operation, project } = event.request.request
      const known = peer?.view.volumes.get(id)?.volume
      if (operation.kind !== 'attach' || known === undefined || known.project !== project || known.multiattach) return step
      if (known.status === 'available') return step
      const { status } = known
      const result = failure({ code: 'invalid-status', volume: id, action: 'attach', status, allowed: ['available'] })
      const reply: Effect = { kind: 'reply', id: event.id, reply: { kind: 'operate', result } }
      return { ...step, effects: [reply, ...step.effects] }
    },
  }),
}

/** An owner takes a certificate for a proof because it looks like one. */
export const believeAnybody: Bug = {
  number: 25,
  title: 'signatures are not checked',
  distortion: () => ({ ...UNDISTORTED, event: asIfSigned }),
}

function asIfSigned(event: PeerEvent, { peer }: Life): PeerEvent {
  if (peer === null || event.kind !== 'message' || event.message.kind !== 'commit') return event
  const { certificate } = event.message
  const { proof, project } = certificate
  if (proof === null) return event
  const { manifest } = peer.options
  const text = proofText(manifest.cluster, project, proof.ballot, proof.grants)
  const votes = homeGroup(manifest, project).map((member) => ({ peer: member, signature: simSigner(member).sign(text) }))
  return { ...event, message: { ...event.message, certificate: { ...certificate, proof: { ...proof, votes } } } }
}
