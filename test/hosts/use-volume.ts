/**
 * What a user does with volumes: makes them, attaches them to compute hosts and detaches them, all through the API.
 *
 * What a busy host cannot do now (503) is asked again with its key, as a user's client would.
 */
import { randomUUID } from 'node:crypto'
import {
  answerText,
  at,
  attachmentIn,
  type Client,
  connectionIn,
  type Method,
  type SeenConnection,
  type SeenVolume,
  Unexpected,
  volumeIn,
} from '../cluster/client.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { ComputeHost } from './compute-host.ts'

export interface Attached {
  readonly id: string
  readonly connection: SeenConnection
  readonly device: string
}

const CREATES_MAX = 5
/** A thick volume is zeroed first, and cleared last; on a busy machine that takes its time. */
const BYTES_MS = 120_000
const BUSY = 503
const BUSY_MS = 120_000

/**
 * Asks again where it ends in `error`: on a busy machine the one host that will do may miss the time limit of a reservation.
 *
 * @returns the volume when it is available
 */
export async function makeVolume(client: Client, wishes: Readonly<Record<string, unknown>>): Promise<SeenVolume> {
  for (let tries = 1; ; tries += 1) {
    const { id } = volumeIn(at(await taken(client, 'POST', '/volumes', 202, { volume: { size: 1, ...wishes } }), 'volume'))
    const look = async (): Promise<SeenVolume | NotYet> => {
      const now = await shown(client, id)
      return now instanceof NotYet || now.status !== 'creating' ? now : new NotYet(now)
    }
    const volume = await waitFor('the volume is made', look, { timeoutMs: BYTES_MS, everyMs: 300 })
    if (volume.status === 'available') return volume
    if (tries === CREATES_MAX) throw new Error(`${id} is ${volume.status}: ${(await client.messages(id)).join('; ')}`)
    await taken(client, 'DELETE', `/volumes/${id}`, 202)
  }
}

/** Resolves when nobody finds it any more. */
export async function deleteVolume(client: Client, { id }: SeenVolume): Promise<void> {
  await taken(client, 'DELETE', `/volumes/${id}`, 202)
  const look = async (): Promise<undefined | NotYet> => {
    const left = (await client.volumes()).find((volume) => volume.id === id)
    return left === undefined ? undefined : new NotYet(left)
  }
  await waitFor(`volume ${id} is gone`, look, { timeoutMs: BYTES_MS, everyMs: 300 })
}

/** An attachment for this initiator, to which nobody has logged in yet. @returns its body, as the API tells it */
export async function openAttachment(client: Client, volume: SeenVolume, connector: object): Promise<unknown> {
  const body = { attachment: { volume_uuid: volume.id, connector } }
  return at(await taken(client, 'POST', '/attachments', 200, body), 'attachment')
}

export async function attach(client: Client, volume: SeenVolume, host: ComputeHost): Promise<Attached> {
  const attachment = await openAttachment(client, volume, { initiator: host.initiator, host: host.name })
  const [{ id }, connection] = [attachmentIn(attachment), connectionIn(attachment)]
  const device = await host.login(connection)
  await completeAttachment(client, id)
  return { id, connection, device }
}

export async function completeAttachment(client: Client, id: string): Promise<void> {
  await taken(client, 'POST', `/attachments/${id}/action`, 204, { 'os-complete': null })
}

export async function detach(client: Client, host: ComputeHost, { id, connection }: Attached): Promise<void> {
  await host.logout(connection)
  await closeAttachment(client, id)
}

export async function closeAttachment(client: Client, id: string): Promise<void> {
  await taken(client, 'DELETE', `/attachments/${id}`, 200)
}

/** On a busy machine even a read may find nobody who can vouch for it. */
async function shown(client: Client, id: string): Promise<SeenVolume | NotYet> {
  return await client.volume(id).catch((error: unknown) => {
    if (error instanceof Unexpected) return new NotYet(error.message)
    throw error
  })
}

/** @returns the body of the answer. @throws Unexpected if its status is another one */
async function taken(client: Client, method: Method, path: string, status: number, body?: unknown): Promise<unknown> {
  const key = { 'idempotency-key': randomUUID() }
  const answer = await waitFor(
    `${method} ${path} is taken`,
    async () => {
      const found = await client.ask(method, path, body, key)
      return found.kind === 'answer' && found.status !== BUSY ? found : new NotYet(found)
    },
    { timeoutMs: BUSY_MS, everyMs: 1000 },
  )
  if (answer.status !== status) throw new Unexpected(`${method} ${path} at ${client.endpoint}: wanted ${status}, got ${answerText(answer)}`)
  return answer.body
}

/** What an earlier test of the same lab has left. */
export function there<Value>(value: Value | null): Value {
  if (value === null) throw new Error('the test before this one has failed')
  return value
}
