/** Waiting for a volume: which status ends the wait, and what an `error` is to be told as. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { type Item, itemAt, itemsAt, textOf } from '../rest/body.ts'
import { waitFor } from '../rest/wait.ts'
import type { Context } from './context.ts'

/** Statuses on the way to another one. */
const MOVING = new Set(['creating', 'extending', 'reverting', 'deleting', 'attaching', 'detaching', 'downloading', 'uploading', 'retyping'])

/** Follows a volume until it has come to rest. @throws CliFailure if it rests in an error */
export async function waitUntilSettled(context: Context, id: string, shownAs: string, timeoutMs: number): Promise<Item> {
  const { client, terminal } = context
  const volume = await waitFor(terminal, `volume ${shownAs}`, timeoutMs, async () => {
    const seen = itemAt(await client.call({ method: 'GET', path: client.cinder(`/volumes/${id}`) }), 'volume')
    const status = textOf(seen, 'status')
    return MOVING.has(status) ? { kind: 'going', status } : { kind: 'ended', value: seen }
  })
  if (textOf(volume, 'status').startsWith('error')) throw await errorOf(context, volume, shownAs)
  return volume
}

/** Follows a volume until nothing is left of it. */
export async function waitUntilGone(
  context: Context,
  id: string,
  shownAs: string,
  timeoutMs: number,
  stays: (status: string) => boolean = (status) => status.startsWith('error'),
): Promise<void> {
  const { client, terminal } = context
  const left = await waitFor<Item | null>(terminal, `volume ${shownAs}`, timeoutMs, async () => {
    const seen = await volumeOrNull(context, client.cinder(`/volumes/${id}`))
    if (seen === null) return { kind: 'ended', value: null }
    const status = textOf(seen, 'status')
    return stays(status) ? { kind: 'ended', value: seen } : { kind: 'going', status }
  })
  if (left !== null) throw await errorOf(context, left, shownAs)
}

async function volumeOrNull({ client }: Context, path: string): Promise<Item | null> {
  try {
    return itemAt(await client.call({ method: 'GET', path }), 'volume')
  } catch (error) {
    if (error instanceof CliFailure && error.exitCode === EXIT.notFound) return null
    throw error
  }
}

async function errorOf({ client }: Context, volume: Item, shownAs: string): Promise<CliFailure> {
  const id = textOf(volume, 'id')
  const body = await client.call({ method: 'GET', path: client.cinder(`/messages?resource_uuid=${id}&limit=1`) })
  const [message] = itemsAt(body, 'messages')
  const why = message === undefined ? 'no message says why; see the log of its host' : textOf(message, 'user_message')
  // Cinder's message ids: detail 003 is "no backend available".
  const isNoRoom = message !== undefined && textOf(message, 'event_id').endsWith('_003')
  const next = isNoRoom ? `see each pool: scoria placement explain --size ${textOf(volume, 'size')}` : `see it: scoria volume show ${id}`
  return new CliFailure(
    isNoRoom ? EXIT.noRoom : EXIT.failed,
    `volume ${shownAs} (${id}) is in status ${textOf(volume, 'status')}`,
    why,
    next,
  )
}
