/** A volume that an initiator has written to, and that nobody touches while faults are made: its bytes must outlive them all. */
import { at, attachmentIn, connectionIn, volumeIn } from '../cluster/client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type InitiatorEnd, MIB, readPattern, writePattern } from '../cluster/initiator.ts'
import { NotYet } from '../cluster/wait-for.ts'
import type { Promised } from './ledger.ts'

export interface Witness {
  readonly promised: Promised
  /** Logs in at the same target with the same secret, and compares every byte. */
  reread(): Promise<InitiatorEnd>
}

const NAME = 'witness'
const PATTERN = 0x5c

/** Made, attached and written to through the first host. @throws if any of it fails */
export async function attachWitness(cluster: Cluster, project: string): Promise<Witness> {
  const client = cluster.client(0, project)
  const initiator = { name: `iqn.2026-01.test:${NAME}`, enter: cluster.host(0).place.enter }
  const { id } = volumeIn(at(await client.call('POST', '/volumes', 202, { volume: { name: NAME, size: 1 } }), 'volume'))
  await cluster.waitFor('the witness is available', async () => {
    const seen = await client.volume(id)
    return seen.status === 'available' ? seen : new NotYet(seen)
  })
  const body = { attachment: { volume_uuid: id, connector: { initiator: initiator.name, host: NAME, multipath: false } } }
  const attachment = at(await client.call('POST', '/attachments', 200, body), 'attachment')
  const connection = connectionIn(attachment)
  const written = await writePattern(connection, initiator, PATTERN, MIB)
  if (!written.ok) throw new Error(written.text)
  return {
    promised: { id, name: NAME, key: null, sizeGiB: 1, description: '', attachment: attachmentIn(attachment).id, state: 'live' },
    reread: () => readPattern(connection, initiator, PATTERN, MIB),
  }
}
