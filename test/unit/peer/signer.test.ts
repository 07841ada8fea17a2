import t from 'tap'
import { createIdentity, type Identity, signerOf } from '../../../agent/peer/identity.ts'
import { peerId } from '../../../lib/model/ids.ts'
import { newFile } from './fixture.ts'

const TEXT = 'log/1/{"seq":7,"name":"ünïcode"}'

const identity = (): Promise<Identity> => createIdentity(newFile())

t.test('what a host signs is verified by every other host from its peer id alone', async (t) => {
  const [a, b] = [await identity(), await identity()]
  const signature = signerOf(a).sign(TEXT)
  t.equal(signerOf(a).sign(TEXT), signature, 'the same text always gives the same signature')
  t.ok(signerOf(b).verify(a.peerId, TEXT, signature))
  t.ok(signerOf(a).verify(a.peerId, TEXT, signature), 'its own too')
  t.notOk(signerOf(b).verify(b.peerId, TEXT, signature), 'not as another host')
  t.notOk(signerOf(b).verify(a.peerId, `${TEXT} `, signature), 'not under another text')
})

t.test('the signatures are plain Ed25519: libp2p makes and believes the same', async (t) => {
  const { peerId, privateKey } = await identity()
  const signer = signerOf({ privateKey })
  const theirs = Buffer.from(await privateKey.sign(Buffer.from(TEXT))).toString('base64')
  t.equal(signer.sign(TEXT), theirs)
  t.ok(signer.verify(peerId, TEXT, theirs))
  t.ok(await privateKey.publicKey.verify(Buffer.from(TEXT), Buffer.from(signer.sign(TEXT), 'base64')))
})

t.test('what is no peer id or no signature is false and never an error', async (t) => {
  const a = await identity()
  const signer = signerOf(a)
  const signature = signer.sign(TEXT)
  const otherBits = signature.replace(/(.)==$/, (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}==`)
  t.same(Buffer.from(otherBits, 'base64'), Buffer.from(signature, 'base64'), 'the same bytes in other text')
  const badSignatures = [
    '',
    '=',
    'A',
    signature.slice(4),
    `${signature}AAAA`,
    ` ${signature}`,
    `${signature}\n`,
    otherBits,
    '\0'.repeat(88),
  ]
  for (const bad of badSignatures) t.equal(signer.verify(a.peerId, TEXT, bad), false, JSON.stringify(bad))
  const badPeers = [
    '',
    '12D3KooW',
    `${a.peerId}A`,
    'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
    '16Uiu2HAmCMB2oVdqLcbBfBhCgW3W3mLJyvyPpcgQvmkPJZWSf7x4',
    '__proto__',
    ' ',
    '0'.repeat(10_000),
  ]
  for (const bad of badPeers) t.equal(signer.verify(peerId(bad), TEXT, signature), false, JSON.stringify(bad.slice(0, 60)))
})
