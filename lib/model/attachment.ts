/**
 * One consumer's hold on a volume, in Cinder's words, and the export that serves it.
 *
 * The owner's journal is the truth of both. `export` moves none -> exporting -> exported -> revoking -> none; journal
 * before export, verified un-export before journalling none, so that what a target serves is a subset of the journal.
 */
import type { AttachmentId, VolumeId } from './ids.ts'

export type AttachmentStatus = 'reserved' | 'attaching' | 'attached' | 'detaching' | 'error_attaching' | 'error_detaching'
export type ExportState = 'none' | 'exporting' | 'exported' | 'revoking'
/** Which of the calls before attachments were a resource (3.27) made it: os-reserve, os-initialize_connection, os-attach. */
export type OlderCall = 'reserve' | 'connection' | 'attach'

/** Who connects. Sent by the client (os-brick's connector); only `initiator` decides anything here. */
export interface Connector {
  /** iSCSI name of the initiator: the only name that the export lets in. */
  readonly initiator: string
  readonly host: string | null
  readonly ip: string | null
  readonly multipath: boolean
  readonly mountpoint: string | null
}

export interface Attachment {
  readonly id: AttachmentId
  readonly volume: VolumeId
  readonly status: AttachmentStatus
  readonly export: ExportState
  /** Counts the exports of this volume; part of the IQN, never used again. 0 while there was no export yet. */
  readonly generation: number
  /** UUID of the consumer (Nova's instance), or null. */
  readonly instance: string | null
  readonly mode: 'rw' | 'ro'
  readonly connector: Connector | null
  readonly mountpoint: string | null
  /** When it was said to be in use; null while nobody has. Unix milliseconds, for display. */
  readonly attachedAtMs: number | null
  /** Absent of one that was made as a resource. */
  readonly by?: OlderCall
  /** The consumer's host, where os-attach named one. */
  readonly host?: string
}

/** How to reach an export. With the secret it is handed to the client that asked; it is never published. */
export interface Connection {
  readonly portal: string
  readonly iqn: string
  readonly lun: number
  readonly username: string
  readonly password: string
}

/** IQN of one export. A stale initiator that comes back finds a name that no longer exists (CVE-2023-2088). */
export function exportIqn(volume: VolumeId, generation: number): string {
  return `iqn.2026-01.io.scoria:volume-${volume}-${generation}`
}
