/** How a snapshot looks to a person, and how one is waited for. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Paint } from '../output/color.ts'
import type { ListColumn } from '../output/print.ts'
import { type Item, itemAt, partOf, textOf } from '../rest/body.ts'
import { waitFor } from '../rest/wait.ts'
import type { Context } from './context.ts'
import { ageText, propertiesText, sizeText } from './volume-rows.ts'

const PROJECT = 'os-extended-snapshot-attributes:project_id'
const MOVING = new Set(['creating', 'restoring', 'deleting', 'unmanaging'])

export function snapshotColumns(nowMs: number, paint: Paint): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: snapshotName },
    { header: 'ID', cell: (snapshot) => textOf(snapshot, 'id'), wide: true },
    { header: 'STATUS', cell: (snapshot) => paint(textOf(snapshot, 'status')) },
    { header: 'SIZE', cell: sizeText },
    { header: 'VOLUME', cell: (snapshot) => textOf(snapshot, 'volume_id') },
    { header: 'PROJECT', cell: (snapshot) => textOf(snapshot, PROJECT), wide: true },
    { header: 'AGE', cell: (snapshot) => ageText(snapshot, 'created_at', nowMs) },
  ]
}

export function snapshotFields(snapshot: Item): readonly (readonly [string, string])[] {
  return [
    ['name', textOf(snapshot, 'name')],
    ['id', textOf(snapshot, 'id')],
    ['status', textOf(snapshot, 'status')],
    ['size', sizeText(snapshot)],
    ['volume', textOf(snapshot, 'volume_id')],
    ['project', textOf(snapshot, PROJECT)],
    ['description', textOf(snapshot, 'description')],
    ['properties', propertiesText(partOf(snapshot, 'metadata'))],
    ['created', textOf(snapshot, 'created_at')],
    ['updated', textOf(snapshot, 'updated_at')],
  ]
}

/** The name, or the id of a snapshot that has none. */
export function snapshotName(snapshot: Item): string {
  return textOf(snapshot, 'name') || textOf(snapshot, 'id')
}

/** Follows a snapshot until it has come to rest; null if it is gone by then. @throws CliFailure if it rests in an error */
export async function waitForSnapshot({ client, terminal }: Context, id: string, shownAs: string, timeoutMs: number): Promise<Item | null> {
  const path = client.cinder(`/snapshots/${id}`)
  const found = await waitFor<Item | null>(terminal, `snapshot ${shownAs}`, timeoutMs, async () => {
    try {
      const seen = itemAt(await client.call({ method: 'GET', path }), 'snapshot')
      const status = textOf(seen, 'status')
      return MOVING.has(status) ? { kind: 'going', status } : { kind: 'ended', value: seen }
    } catch (error) {
      if (error instanceof CliFailure && error.exitCode === EXIT.notFound) return { kind: 'ended', value: null }
      throw error
    }
  })
  const status = found === null ? '' : textOf(found, 'status')
  if (!status.startsWith('error')) return found
  throw new CliFailure(
    EXIT.failed,
    `snapshot ${shownAs} (${id}) is in status ${status}`,
    'the log of its host says why',
    `delete it: scoria snapshot delete ${id}`,
  )
}
