/** How a volume looks to a person: the columns of a list and the fields of one. */
import type { Paint } from '../output/color.ts'
import type { ListColumn } from '../output/print.ts'
import { type Item, numberOf, partOf, partsOf, textOf } from '../rest/body.ts'
import { parseCinderDate, showAge, showSize } from '../units.ts'

export function volumeColumns(nowMs: number, paint: Paint): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: volumeName },
    { header: 'ID', cell: (volume) => textOf(volume, 'id'), wide: true },
    { header: 'STATUS', cell: (volume) => paint(textOf(volume, 'status')) },
    { header: 'SIZE', cell: sizeText },
    { header: 'TYPE', cell: (volume) => textOf(volume, 'volume_type') },
    { header: 'POOL', cell: poolText },
    { header: 'ATTACHED', cell: attachedText },
    { header: 'ZONE', cell: (volume) => textOf(volume, 'availability_zone'), wide: true },
    { header: 'PROJECT', cell: (volume) => textOf(volume, 'os-vol-tenant-attr:tenant_id'), wide: true },
    { header: 'AGE', cell: (volume) => ageText(volume, 'created_at', nowMs) },
  ]
}

export function volumeFields(volume: Item): readonly (readonly [string, string])[] {
  return [
    ['name', textOf(volume, 'name')],
    ['id', textOf(volume, 'id')],
    ['status', textOf(volume, 'status')],
    ['size', sizeText(volume)],
    ['type', textOf(volume, 'volume_type')],
    ['pool', poolText(volume)],
    ['zone', textOf(volume, 'availability_zone')],
    ['project', textOf(volume, 'os-vol-tenant-attr:tenant_id')],
    ['attached', attachedText(volume)],
    ...groupField(volume),
    ['description', textOf(volume, 'description')],
    ['properties', propertiesText(partOf(volume, 'metadata'))],
    ['bootable', textOf(volume, 'bootable')],
    ...imageFields(volume),
    ['created', textOf(volume, 'created_at')],
    ['updated', textOf(volume, 'updated_at')],
  ]
}

/** Most are in none. */
function groupField(volume: Item): readonly (readonly [string, string])[] {
  const group = textOf(volume, 'group_id')
  return group === '' ? [] : [['group', group]]
}

/** Of most volumes nothing is said. */
function imageFields(volume: Item): readonly (readonly [string, string])[] {
  const image = propertiesText(partOf(volume, 'volume_image_metadata'))
  return image === '' ? [] : [['image properties', image]]
}

/** The name, or the id of a volume that has none. */
export function volumeName(volume: Item): string {
  return textOf(volume, 'name') || textOf(volume, 'id')
}

export function ageText(item: Item, key: string, nowMs: number): string {
  const atMs = parseCinderDate(textOf(item, key))
  return atMs === null ? '' : showAge(nowMs - atMs)
}

export function sizeText(volume: Item): string {
  const size = numberOf(volume, 'size')
  return size === null ? '' : showSize(size)
}

function poolText(volume: Item): string {
  return textOf(volume, 'os-vol-host-attr:host')
}

function attachedText(volume: Item): string {
  return partsOf(volume, 'attachments')
    .map((attachment) => textOf(attachment, 'host_name') || textOf(attachment, 'server_id') || textOf(attachment, 'attachment_id'))
    .join(',')
}

export function propertiesText(metadata: Item): string {
  return Object.keys(metadata)
    .sort()
    .map((key) => `${key}=${textOf(metadata, key)}`)
    .join(', ')
}
