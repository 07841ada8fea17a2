import t from 'tap'
import { chapSecretsOf } from '../../../agent/system/chap-secret.ts'
import { exportIqn } from '../../../lib/model/attachment.ts'
import { volumeId } from '../../../lib/model/ids.ts'

const VOLUME = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

t.test('an export has the same secret whenever it is asked for, and initiators take it', async (t) => {
  const secret = chapSecretsOf(keyOf(7))(exportIqn(VOLUME, 1))
  t.match(secret, /^[0-9a-f]{16}$/)
  t.equal(chapSecretsOf(keyOf(7))(exportIqn(VOLUME, 1)), secret)
  // Initiators that are logged in hold the secret: what it follows from cannot be changed without cutting them off.
  t.equal(secret, '8b47cc3775458c7e')
})

t.test('no two exports and no two hosts share a secret', async (t) => {
  const hosts = [chapSecretsOf(keyOf(7)), chapSecretsOf(keyOf(8))]
  const secrets = hosts.flatMap((secretOf) => [1, 2, 3].map((generation) => secretOf(exportIqn(VOLUME, generation))))
  t.equal(new Set(secrets).size, 6)
})
