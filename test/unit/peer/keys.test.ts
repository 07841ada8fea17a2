import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'
import { createIdentity, generateSwarmKey, loadIdentity, loadSwarmKey, saveSwarmKey } from '../../../agent/peer/identity.ts'
import { KeyFileExists, KeyFileExposed, writeKeyFile } from '../../../agent/peer/key-file.ts'
import { createClusterKey, signManifest, verifyManifest } from '../../../agent/peer/manifest.ts'
import { acceptsManifest } from '../../../lib/model/manifest.ts'
import { parseSignedManifest } from '../../../lib/wire/manifest.ts'
import { hostEntry, Membership, newFile, newIdentity } from './fixture.ts'

t.test('an identity is the same after a restart, and in a file that only its owner reads', async (t) => {
  const file = newFile()
  const made = await createIdentity(file)
  const loaded = await loadIdentity(file)
  t.equal(loaded.peerId, made.peerId)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.match(made.peerId, /^12D3KooW/)
})

t.test('a key that others can read is refused', async (t) => {
  const file = newFile()
  await createIdentity(file)
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(file, mode)
    await t.rejects(loadIdentity(file), KeyFileExposed, mode.toString(8))
  }
})

t.test('a key is never written over, and nothing is left beside it', async (t) => {
  const file = newFile()
  await writeKeyFile(file, Buffer.from('first'))
  await t.rejects(writeKeyFile(file, Buffer.from('second')), KeyFileExists)
  t.equal(readFileSync(file, 'utf8'), 'first')
  t.same(
    readdirSync(dirname(file)).filter((name) => /\.[0-9a-f]{12}$/.test(name)),
    [],
  )
})

t.test('swarm keys differ, and are kept as they are', async (t) => {
  const file = newFile()
  const key = generateSwarmKey()
  await saveSwarmKey(file, key)
  t.same(Buffer.from(await loadSwarmKey(file)), Buffer.from(key))
  t.match(Buffer.from(key).toString(), /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}$/)
  t.not(Buffer.from(generateSwarmKey()).toString(), Buffer.from(key).toString())
})

t.test('a manifest is believed only as it was signed, by the right key', async (t) => {
  const membership = new Membership([hostEntry(await newIdentity(), ['/ip4/127.0.0.1/tcp/1'])])
  const signed = membership.signed()
  const { publicKey } = membership.key
  const travelled = parseSignedManifest(JSON.parse(JSON.stringify(signed)))
  t.ok(travelled !== null && verifyManifest(travelled, publicKey))
  t.notOk(verifyManifest({ ...signed, manifest: { ...signed.manifest, expect: 2 } }, publicKey))
  t.notOk(verifyManifest(signed, createClusterKey().publicKey))
  t.notOk(verifyManifest({ ...signed, signature: signed.signature.replace(/^../, 'AA') }, publicKey))
})

t.test('the signature covers fields of a newer version, which survive the journey', (t) => {
  const key = createClusterKey()
  const newer = { ...new Membership().manifest, colour: 'green' }
  const travelled = parseSignedManifest(JSON.parse(JSON.stringify(signManifest(newer, key))))
  t.ok(travelled !== null && verifyManifest(travelled, key.publicKey))
  t.end()
})

t.test('a manifest is replaced by a newer one of the same cluster, and never goes back', (t) => {
  const { manifest } = new Membership()
  t.ok(acceptsManifest(manifest, { ...manifest, epoch: 2 }))
  t.notOk(acceptsManifest(manifest, manifest))
  t.notOk(acceptsManifest({ ...manifest, epoch: 3 }, { ...manifest, epoch: 2 }))
  t.notOk(acceptsManifest(manifest, { ...manifest, epoch: 2, cluster: '00000000-0000-4000-8000-000000000000' }))
  t.end()
})
