/**
 * Which attachment a call means that names none: pure, on the record alone.
 *
 * A volume of one attachment leaves no doubt. Of several, only one is taken that the caller's initiator, host or instance points
 * at, or that nobody has been named in yet.
 */
import type { Attachment, Connector } from '../../model/attachment.ts'
import type { Volume } from '../../model/volume.ts'

type Attached = Pick<Volume, 'attachments' | 'multiattach'>

interface Consumer {
  readonly instance: string | null
  readonly host: string | null
}

/** The live export of this initiator. */
export function connectedFrom({ attachments }: Attached, initiator: string): Attachment | null {
  return attachments.find(({ export: state, connector }) => state === 'exported' && connector?.initiator === initiator) ?? null
}

/** Exports of this initiator, or all (null), also one whose fence was refused before. */
export function leftBy({ attachments }: Attached, initiator: string | null): readonly Attachment[] {
  return attachments.filter(
    ({ export: state, connector }) => state !== 'none' && (initiator === null || connector?.initiator === initiator),
  )
}

/** Made by os-reserve and not in use; of an attachment for a connection alone, that one. */
export function reservation({ attachments }: Attached): Attachment | null {
  const open = attachments.filter(isOpen)
  return open.find(({ by }) => by === 'reserve') ?? (attachments.length === 1 ? (open[0] ?? null) : null)
}

/** The one without an export that this connector is for. */
export function openFor({ attachments, multiattach }: Attached, connector: Connector): Attachment | null {
  const open = attachments.filter(({ by, export: state }) => by !== undefined && state === 'none')
  if (!multiattach) return open[0] ?? null
  return (
    open.find((one) => one.connector?.initiator === connector.initiator) ??
    open.find(({ host }) => host !== undefined && host === connector.host) ??
    open.find(({ by, status }) => by === 'reserve' && status === 'reserved') ??
    null
  )
}

/** The one in which this consumer is named. */
export function heldBy({ attachments }: Attached, { instance, host }: Consumer): Attachment | null {
  const held = attachments.filter(({ status }) => status === 'attached')
  if (instance !== null) return held.find((one) => one.instance === instance) ?? null
  return host === null ? null : (held.find((one) => one.instance === null && (one.host ?? one.connector?.host) === host) ?? null)
}

/** The one that is for this consumer and in which nobody is named. A reservation is for whoever made it, and there is one at a time. */
export function toHold({ attachments, multiattach }: Attached, { host }: Consumer): Attachment | null {
  const open = attachments.filter(isOpen)
  if (!multiattach) return open[0] ?? null
  const here = host === null ? undefined : open.find(({ connector }) => connector?.host === host)
  return here ?? open.find(({ by }) => by === 'reserve') ?? null
}

function isOpen({ by, status }: Attachment): boolean {
  return by !== undefined && (status === 'reserved' || status === 'attaching')
}
