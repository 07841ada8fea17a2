/** Bytes of lists are kept between requests; nobody may ever get those of another list. */
import t from 'tap'
import type { Call } from '../../../agent/api/call.ts'
import { volumesBody } from '../../../agent/api/volume-json.ts'
import { creatingVolume } from '../../../lib/flows/shape.ts'
import { projectId, requestId, volumeId } from '../../../lib/model/ids.ts'
import type { Volume } from '../../../lib/model/volume.ts'

const MANY = Array.from({ length: 120 }, (_, n) => volumeOf(n))

t.test('a list that is asked for again is the same list', async (t) => {
  t.equal(namesIn(volumesBody(MANY, callOf(), '}')).length, 120, 'first')
  t.same(volumesBody(MANY, callOf(), '}'), volumesBody([...MANY], callOf(), '}'), 'again')
})

t.test('a record that was replaced, added or removed is seen in the next list', async (t) => {
  volumesBody(MANY, callOf(), '}')
  const renamed = MANY.map((volume, n) => (n === 60 ? { ...volume, name: 'another' } : volume))
  t.equal(namesIn(volumesBody(renamed, callOf(), '}'))[60], 'another', 'replaced')
  t.equal(namesIn(volumesBody(MANY, callOf(), '}'))[60], 'volume-60', 'and back')
  t.equal(namesIn(volumesBody([...MANY, volumeOf(120)], callOf(), '}'))[120], 'volume-120', 'added')
  t.equal(namesIn(volumesBody(MANY.slice(1), callOf(), '}'))[0], 'volume-1', 'removed')
})

t.test('the same records in another version, for another role or address or with another end are another list', async (t) => {
  const first = volumesBody(MANY, callOf(), '}').toString()
  t.match(volumesBody(MANY, callOf({ microversion: 48 }), '}').toString(), 'shared_targets', 'version')
  t.match(volumesBody(MANY, callOf({ base: { root: 'http://b', project: 'p' } }), '}').toString(), 'http://b/v3', 'address')
  const member = callOf({ caller: { user: 'u', project: projectId('p'), roles: ['member'], isAdmin: false, isService: false } })
  t.notMatch(volumesBody(MANY, member, '}').toString(), 'os-vol-host-attr', 'role')
  t.ok(volumesBody(MANY, callOf(), ',"count":120}').toString().endsWith(',"count":120}'), 'end')
  t.equal(volumesBody(MANY, callOf(), '}').toString(), first, 'and the first is what it was')
})

function namesIn(body: Buffer): readonly (string | null)[] {
  const parsed = JSON.parse(body.toString()) as { readonly volumes: readonly { readonly name: string | null }[] }
  return parsed.volumes.map(({ name }) => name)
}

function callOf(other: Partial<Call> = {}): Call {
  return {
    requestId: 'req-1',
    caller: { user: 'u', project: projectId('p'), roles: ['admin'], isAdmin: true, isService: false },
    microversion: 0,
    base: { root: 'http://a', project: 'p' },
    params: {},
    query: {},
    body: undefined,
    idempotencyKey: null,
    ifMatch: null,
    ...other,
  }
}

function volumeOf(n: number): Volume {
  const spec = {
    id: volumeId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
    project: projectId('p'),
    user: 'u',
    name: `volume-${n}`,
    description: null,
    sizeGiB: 1,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: n,
  }
  return creatingVolume(spec, requestId('0'.repeat(32)), null, null, 'nova')
}
