/** What clients may expect of a volume that changes hands while requests for it are under way. */
import t from 'tap'
import { type ProjectId, projectId, type RequestId, requestId, transferId, volumeId } from '../../lib/model/ids.ts'
import { failure } from '../../lib/model/failure.ts'
import { type ClientReply, NO_VALUE, type Operation } from '../../lib/model/request.ts'
import { keyProof } from '../../lib/model/transfer.ts'
import type { VolumeSpec } from '../../lib/model/volume.ts'
import { type Asked, History, possible } from './history.ts'

const BLUE = projectId('blue')
const GREEN = projectId('green')
const KEY = 'key'
const TRANSFER = transferId('t')
const SPEC: VolumeSpec = {
  id: volumeId('v'),
  project: BLUE,
  user: 'u',
  name: 'first',
  description: null,
  sizeGiB: 1,
  zone: null,
  type: null,
  typeId: null,
  metadata: {},
  multiattach: false,
  source: null,
  createdAtMs: 0,
}
const UPDATE: Operation = { kind: 'update', name: 'theirs' }
const EXTEND: Operation = { kind: 'extend', sizeGiB: 2, online: true }
const DONE: ClientReply = { kind: 'operate', result: { ok: true, value: { ...NO_VALUE, authKey: KEY } } }
const NOT_FOUND: ClientReply = { kind: 'operate', result: failure({ code: 'volume-not-found', volume: SPEC.id }) }
const ACCEPT: Operation = { kind: 'accept', transfer: TRANSFER, proof: keyProof(TRANSFER, KEY), user: 'u', anyType: true }
const GUESS: Operation = { ...ACCEPT, proof: 'guessed' }

class Talk {
  readonly history = new History()
  readonly book = this.history.open(SPEC, requestId('create'), 'body', true)
  #nowMs = 0

  ask(project: ProjectId, operation: Operation, rid: RequestId = requestId(`${project}/${operation.kind}`)): Asked {
    this.#nowMs += 1
    return this.history.ask(this.#nowMs, 'a', { kind: 'operate', request: { rid, project, volume: SPEC.id, operation } })
  }

  tell({ id }: Asked, reply: ClientReply): void {
    this.#nowMs += 1
    this.history.answer(id, this.#nowMs, reply)
  }

  offer(): void {
    this.tell(this.ask(BLUE, { kind: 'offer', transfer: TRANSFER, name: null, noSnapshots: false, createdAtMs: 1 }), DONE)
  }

  get names(): readonly (string | null)[] {
    return possible<string | null>(SPEC.name, this.book.names)
  }
}

t.test(
  'what a project has asked for before it accepts a volume, and was not answered, may be done once the volume is its own',
  async (t) => {
    const talk = new Talk()
    const update = talk.ask(GREEN, UPDATE)
    talk.ask(GREEN, EXTEND)
    talk.ask(GREEN, { kind: 'delete', force: true })
    t.same(talk.names, ['first'], 'nothing of that as long as it is somebody else’s')
    talk.offer()
    talk.ask(GREEN, ACCEPT)
    t.same(talk.names, ['first', 'theirs'])
    t.match(talk.book.sizes, [{ value: 2, askedMs: 2, ackedMs: null }])
    t.match(talk.book, { deleteAskedMs: 3, deletes: 1, deleteAckedMs: null })
    talk.tell(update, DONE)
    t.same(talk.names, ['theirs'], 'and what is answered then is promised')
  },
)

t.test('what was answered before a project accepts a volume is over', async (t) => {
  const talk = new Talk()
  talk.tell(talk.ask(GREEN, UPDATE), NOT_FOUND)
  talk.offer()
  talk.ask(GREEN, ACCEPT)
  t.same(talk.names, ['first'])
})

t.test('of two tries of one request the one that was not answered may still be done', async (t) => {
  const talk = new Talk()
  const [first, second] = [talk.ask(GREEN, UPDATE), talk.ask(GREEN, UPDATE)]
  talk.tell(second, NOT_FOUND)
  talk.offer()
  talk.ask(GREEN, ACCEPT)
  t.same(talk.names, ['first', 'theirs'])
  talk.tell(first, DONE)
  t.same(talk.names, ['theirs'])
})

t.test('what others ask for stays without effect, and so does what is asked with a guessed key', async (t) => {
  const talk = new Talk()
  talk.ask(GREEN, UPDATE)
  talk.ask(projectId('red'), { kind: 'update', name: 'red' })
  talk.offer()
  talk.ask(GREEN, GUESS)
  t.same(talk.names, ['first'])
  talk.ask(GREEN, ACCEPT, requestId('again'))
  t.same(talk.names, ['first', 'theirs'])
})
