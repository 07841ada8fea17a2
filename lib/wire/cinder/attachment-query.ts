/**
 * Which attachments a list shows, and in which order. An attachment does not know when it was made: those of the newest
 * volume come first, which is the same order at every peer.
 */
import type { Attachment } from '../../model/attachment.ts'
import { compareText } from '../../model/ids.ts'
import type { Volume } from '../../model/volume.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, newestFirst, type Selection, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'

export interface ListedAttachment {
  readonly id: string
  readonly attachment: Attachment
  readonly volume: Volume
}

export function listedAttachments(volume: Volume): readonly ListedAttachment[] {
  const items = volume.attachments.map((attachment) => ({ id: attachment.id, attachment, volume }))
  return items.toSorted((a, b) => compareText(a.id, b.id))
}

const KIND: ItemKind<ListedAttachment> = {
  fields: {
    id: ({ id }) => id,
    volume_id: ({ volume }) => volume.id,
    status: ({ attachment }) => attachment.status,
    attach_status: ({ attachment }) => attachment.status,
    instance_id: ({ attachment }) => attachment.instance,
    instance_uuid: ({ attachment }) => attachment.instance,
    attach_mode: ({ attachment }) => (attachment.connector === null ? null : attachment.mode),
    attached_host: ({ attachment }) => attachment.connector?.host ?? null,
    mountpoint: ({ attachment }) => attachment.mountpoint ?? attachment.connector?.mountpoint ?? null,
    attach_time: ({ attachment }) => attachment.attachedAtMs,
    created_at: ({ volume }) => volume.createdAtMs,
    project_id: ({ volume }) => volume.project,
  },
  flags: [],
  times: ['attach_time', 'created_at'],
  tests: {},
  order: (a, b) => newestFirst(a.volume, b.volume) || compareText(a.id, b.id),
}

export const ATTACHMENT_KEYS: ListKeys = {
  sorts: Object.keys(KIND.fields),
  allowed: RESOURCE_FILTERS.attachment,
  allowedBefore: RESOURCE_FILTERS.attachment,
  strictSince: 31,
  since: {},
  hasCount: false,
}

/** `attachments` come in the order of their volumes. */
export function selectAttachments(
  attachments: readonly ListedAttachment[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<ListedAttachment>> {
  return selectItems(attachments, query, KIND, microversion)
}
