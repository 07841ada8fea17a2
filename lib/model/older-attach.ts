/**
 * The calls of Cinder from before attachments were a resource (3.27), as operations of one volume.
 *
 * They name a volume, an initiator or an instance, seldom an attachment; which one is meant is for the owner to say
 * (flows/owner/older-attach.ts). `attachment` is the id that one gets if it has to be made.
 */
import type { Connector } from './attachment.ts'
import type { AttachmentId } from './ids.ts'

export type OlderAttach =
  /** Keeps the volume for one who will connect: `attaching`. */
  | { readonly kind: 'reserve'; readonly attachment: AttachmentId }
  | { readonly kind: 'unreserve' }
  /** Says that it is about to be detached, and takes that back. */
  | { readonly kind: 'begin-detaching' }
  | { readonly kind: 'roll-detaching' }
  /** An export for this initiator; `mode` null: as the volume's flag says. */
  | { readonly kind: 'initialize'; readonly attachment: AttachmentId; readonly connector: Connector; readonly mode: 'rw' | 'ro' | null }
  /** Cuts off the export of this initiator (null: the only one); who uses the volume stays written down. */
  | { readonly kind: 'terminate'; readonly initiator: string | null; readonly allowUnsafe: boolean }
  /** Writes down who uses the volume: os-attach. */
  | {
      readonly kind: 'hold'
      readonly attachment: AttachmentId
      readonly instance: string | null
      readonly host: string | null
      readonly mode: 'rw' | 'ro'
      readonly mountpoint: string
    }
  /** os-detach and os-force_detach. `which` null: the one of `initiator`; that null too: the only one. */
  | {
      readonly kind: 'let-go'
      readonly which: AttachmentId | null
      readonly initiator: string | null
      readonly allowUnsafe: boolean
    }
