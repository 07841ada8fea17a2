/** A host builds what a majority of the register has signed for, and asks the register about everything else. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { hashHex } from '../../../../lib/model/hash.ts'
import { peerId } from '../../../../lib/model/ids.ts'
import type { Ballot } from '../../../../lib/model/ballot.ts'
import type { Certificate } from '../../../../lib/model/proof.ts'
import { grantDigest, proofText } from '../../../../lib/model/proof.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, groupOf, manifestOf, operate, outcomeOf, PROJECT, volumeNamed } from '../requests.ts'

const MANIFEST = manifestOf('abc')
const BALLOT: Ballot = { group: 1, counter: 1, peer: peerId('c'), epoch: 1 }

/** Room is set aside at `a`, and no register hears of it. */
function reserved(): { readonly fleet: Fleet; readonly certificate: Certificate } {
  const fleet = new Fleet(MANIFEST)
  fleet.startAll()
  fleet.loses = ({ message }) => message.kind === 'change'
  fleet.ask('a', create(1))
  const [answer] = fleet.letters('reserved')
  if (answer === undefined) throw new Error('nobody has room')
  const { rid, reservation } = answer.message
  return { fleet, certificate: { project: PROJECT, rid, volume: volumeNamed(1), host: answer.from, reservation, proof: null } }
}

/** `by`: whose signatures there are; those of the others are made up. */
function withProof(certificate: Certificate, by: string, ballot = BALLOT): Certificate {
  const grants = [grantDigest(certificate)]
  const text = proofText(MANIFEST.cluster, PROJECT, ballot, grants)
  const votes = groupOf(MANIFEST).map((peer) => ({
    peer,
    signature: hashHex('signature', by.includes(peer) ? peer : peerId('x'), text),
  }))
  return { ...certificate, proof: { ballot, grants, votes } }
}

function isBuilt(fleet: Fleet, { host }: Certificate): boolean {
  return fleet.host(host).volumes.has(volumeNamed(1))
}

t.test('a create comes with the signatures of a majority', async (t) => {
  const fleet = new Fleet(MANIFEST)
  fleet.startAll()
  createOn(fleet, 'a', 1)
  const [commit] = fleet.letters('commit')
  t.ok((commit?.message.certificate.proof?.votes.length ?? 0) >= 2)
})

t.test('two signatures of three are enough, whoever brings them', async (t) => {
  const { fleet, certificate } = reserved()
  const [one, other] = groupOf(MANIFEST)
  fleet.say('b', certificate.host, { kind: 'commit', certificate: withProof(certificate, `${one}${other}`) })
  t.ok(isBuilt(fleet, certificate))
})

const LIES: readonly [string, (certificate: Certificate) => Certificate][] = [
  ['no proof at all', (certificate) => certificate],
  ['one signature of three, and two that are made up', (certificate) => withProof(certificate, 'c')],
  [
    'one signature, three times',
    (certificate) => {
      const { proof, ...rest } = withProof(certificate, 'c')
      const votes = proof?.votes.filter(({ peer }) => peer === 'c') ?? []
      return { ...rest, proof: proof === null ? null : { ...proof, votes: [...votes, ...votes, ...votes] } }
    },
  ],
  [
    'signatures for another grant',
    (certificate) => ({ ...certificate, proof: withProof({ ...certificate, volume: volumeNamed(2) }, 'abc').proof }),
  ],
  ['signatures of the group before', (certificate) => withProof(certificate, 'abc', { ...BALLOT, group: 0 })],
]

for (const [lie, told] of LIES) {
  t.test(`${lie}: nothing is built, and the register is asked`, async (t) => {
    const { fleet, certificate } = reserved()
    const before = fleet.letters('change').length
    fleet.say('b', certificate.host, { kind: 'commit', certificate: told(certificate) })
    t.notOk(isBuilt(fleet, certificate))
    t.match(fleet.letters('change').slice(before), [{ message: { change: { kind: 'resolve', rid: certificate.rid } } }])
    fleet.loses = ({ message }) => message.kind === 'change' && message.change.kind === 'bind'
    fleet.pass(TIMINGS.resolveMs)
    t.notOk(isBuilt(fleet, certificate), 'it is not bound, so the room is free again')
    t.notOk(fleet.host(certificate.host).tables.owned.has(volumeNamed(1)))
  })
}

t.test('a change that comes before COMMIT waits for it, and is refused only if it stays away', async (t) => {
  const fleet = new Fleet(MANIFEST)
  fleet.startAll()
  fleet.loses = ({ message }) => message.kind === 'commit'
  t.equal(outcomeOf(fleet.ask('a', create(1))()), 'ok')
  const early = fleet.ask('b', operate(2, 1, { kind: 'update', name: 'new' }))
  t.equal(early(), undefined)
  fleet.pass(3000)
  t.equal(outcomeOf(early()), 'volume-busy')
  const again = fleet.ask('b', operate(3, 1, { kind: 'update', name: 'newer' }))
  const [commit] = fleet.letters('commit')
  if (commit === undefined) throw new Error('nobody has committed')
  fleet.say(commit.from, commit.to, commit.message)
  fleet.pass(200)
  t.match(again(), { result: { ok: true, value: { volume: { name: 'newer' } } } })
})
