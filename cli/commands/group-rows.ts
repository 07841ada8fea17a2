/** How a group and a group snapshot look to a person, and how one is waited for. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Paint } from '../output/color.ts'
import type { ListColumn } from '../output/print.ts'
import { type Item, itemAt, textOf } from '../rest/body.ts'
import { waitFor } from '../rest/wait.ts'
import type { Context } from './context.ts'
import { ageText } from './volume-rows.ts'

const MOVING = new Set(['creating', 'deleting'])

/** The name, or the id of one that has none. */
export function groupName(item: Item): string {
  return textOf(item, 'name') || textOf(item, 'id')
}

export function groupColumns(nowMs: number, paint: Paint): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: groupName },
    { header: 'ID', cell: (group) => textOf(group, 'id'), wide: true },
    { header: 'STATUS', cell: (group) => paint(textOf(group, 'status')) },
    { header: 'VOLUMES', cell: (group) => String(listOf(group, 'volumes').length) },
    { header: 'TYPE', cell: (group) => textOf(group, 'group_type'), wide: true },
    { header: 'ZONE', cell: (group) => textOf(group, 'availability_zone'), wide: true },
    { header: 'PROJECT', cell: (group) => textOf(group, 'project_id'), wide: true },
    { header: 'AGE', cell: (group) => ageText(group, 'created_at', nowMs) },
  ]
}

export function groupFields(group: Item): readonly (readonly [string, string])[] {
  return [
    ['name', textOf(group, 'name')],
    ['id', textOf(group, 'id')],
    ['status', textOf(group, 'status')],
    ['volumes', listOf(group, 'volumes').join(', ')],
    ['group type', textOf(group, 'group_type')],
    ['volume types', listOf(group, 'volume_types').join(', ')],
    ['zone', textOf(group, 'availability_zone')],
    ['description', textOf(group, 'description')],
    ['created', textOf(group, 'created_at')],
  ]
}

export function groupSnapshotColumns(nowMs: number, paint: Paint): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: groupName },
    { header: 'ID', cell: (snapshot) => textOf(snapshot, 'id'), wide: true },
    { header: 'STATUS', cell: (snapshot) => paint(textOf(snapshot, 'status')) },
    { header: 'GROUP', cell: (snapshot) => textOf(snapshot, 'group_id') },
    { header: 'AGE', cell: (snapshot) => ageText(snapshot, 'created_at', nowMs) },
  ]
}

export function groupSnapshotFields(snapshot: Item): readonly (readonly [string, string])[] {
  return [
    ['name', textOf(snapshot, 'name')],
    ['id', textOf(snapshot, 'id')],
    ['status', textOf(snapshot, 'status')],
    ['group', textOf(snapshot, 'group_id')],
    ['description', textOf(snapshot, 'description')],
    ['created', textOf(snapshot, 'created_at')],
  ]
}

/** With the ids of its volumes. */
export function groupPath({ client }: Context, id: string): string {
  return client.cinder(`/groups/${id}?list_volume=true`)
}

/** Follows it until it has come to rest; null if it is gone by then. @throws CliFailure if it rests in an error */
export async function waitForRest(
  { client, terminal }: Context,
  of: { readonly path: string; readonly key: 'group' | 'group_snapshot'; readonly shownAs: string },
  timeoutMs: number,
): Promise<Item | null> {
  const { path, key, shownAs } = of
  const word = key === 'group' ? 'group' : 'group snapshot'
  const found = await waitFor<Item | null>(terminal, `${word} ${shownAs}`, timeoutMs, async () => {
    try {
      const seen = itemAt(await client.call({ method: 'GET', path }), key)
      const status = textOf(seen, 'status')
      return MOVING.has(status) ? { kind: 'going', status } : { kind: 'ended', value: seen }
    } catch (error) {
      if (error instanceof CliFailure && error.exitCode === EXIT.notFound) return { kind: 'ended', value: null }
      throw error
    }
  })
  if (found === null || textOf(found, 'status') !== 'error') return found
  throw new CliFailure(EXIT.failed, `${word} ${shownAs} is in status error`, 'its volumes say why: scoria volume list')
}

function listOf(group: Item, key: string): readonly string[] {
  const value = group[key]
  return Array.isArray(value) ? value.map(String) : []
}
