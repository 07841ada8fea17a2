/** Hosts that leave or are lost, over HTTP: what is refused, what is said before, and what the host itself answers after. */
import t from 'tap'
import { createVolume, eventually, PROJECT, startCluster } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const act = (body: object = {}) => ({ method: 'POST', body })
const host = (name: string, action: 'leave' | 'lost') => `/scoria/v1/hosts/${name}/${action}`
/** Half a minute later, everybody but the host that is asked is silent. */
const later = () => Date.now() + 31_000

t.test('a host leaves in two steps, and answers from then on that it is no member', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const [, , third] = cluster.hosts
  const dry = await first.call(host('alpha3', 'leave'), act({ dry_run: true }))
  t.match(dry, { status: 200, body: { host: 'alpha3', state: 'leaving', dry_run: true, epoch: 2, step_pending: true, volumes: [] } })
  t.equal(cluster.manifest().epoch, 1, 'a dry run changes nothing')

  t.match(await first.call(host('alpha3', 'leave'), act()), { status: 200, body: { state: 'leaving', epoch: 2, step_pending: true } })
  t.match((await first.call('/scoria/v1/status')).body, { stepPending: true })
  const pending = await first.call(host('alpha3', 'leave'), act())
  t.match(pending, { status: 503, body: { serviceUnavailable: { message: /^StepPending: / } } })
  t.match(pending.headers.get('retry-after'), /^\d+$/)
  t.equal((await third?.call(VOLUMES))?.status, 200, 'meanwhile it serves on')

  await cluster.endStep()
  const left = await eventually(
    () => first.call(host('alpha3', 'leave'), act()),
    ({ body }) => body.state !== 'leaving',
  )
  t.match(left, { status: 200, body: { state: 'left', step_pending: false } }, 'once it has said that it is empty')
  t.equal((await first.call(host('alpha3', 'leave'), act())).status, 404)
  for (const path of [VOLUMES, '/v3', '/scoria/v1/status']) {
    const refused = await third?.call(path)
    t.match(
      refused,
      { status: 503, body: { serviceUnavailable: { message: /^NoMember: this host has left the cluster .* join with an empty folder/ } } },
      path,
    )
  }
  t.equal((await first.call(VOLUMES)).status, 200)
})

t.test('a host with volumes does not leave: they are named; a dry run lists them', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const volume = await createVolume(first, { availability_zone: 'zone-2', name: 'db', size: 3 })
  const refused = await first.call(host('alpha2', 'leave'), act())
  t.match(refused, { status: 409, body: { conflictingRequest: { message: `HostNotEmpty: 1 volume on alpha2: ${volume.id}.` } } })
  const dry = await first.call(host('alpha2', 'leave'), act({ dry_run: true }))
  t.same(dry.body.volumes, [{ id: volume.id, name: 'db', project: PROJECT, size: 3, status: 'available' }])
  t.same(dry.body.registers, { known: 1, moving: 1 }, 'three hosts become two: every account moves')
  t.equal(cluster.manifest().epoch, 1)
})

t.test('who is silent cannot leave, and who answers is not lost', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, , third] = cluster.hosts
  if (first === undefined || third === undefined) throw new Error('three hosts')
  t.match(await first.call(host('alpha3', 'lost'), act()), {
    status: 409,
    body: { conflictingRequest: { message: /^HostAnswers: alpha3 was heard \d+ s ago: it is not lost/ } },
  })
  third.down()
  t.match(await first.call(host('alpha3', 'leave'), act()), {
    status: 409,
    body: { conflictingRequest: { message: /^HostSilent: alpha3/ } },
  })
  t.match(await first.call(host('alpha3', 'lost'), act({ force: true })), { status: 200, body: { state: 'lost' } })
  t.match(await first.call(host('alpha1', 'lost'), act({ force: true })), {
    status: 409,
    body: { conflictingRequest: { message: /^HostAnswers: alpha1/ } },
  })
})

t.test('an agent that has just started does not call a host silent that it has not had the time to hear', async (t) => {
  let nowMs = Date.now()
  const cluster = await startCluster({ hosts: 3, running: 2, clock: () => nowMs })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  t.match(await first.call(host('alpha3', 'lost'), act()), {
    status: 409,
    body: { conflictingRequest: { message: /^HostAnswers: this agent started a moment ago/ } },
  })
  nowMs += 31_000
  t.match(await first.call(host('alpha3', 'lost'), act()), { status: 200, body: { state: 'lost' } })
})

t.test('only the host with the key signs, and the others say where; each can say what would happen', async (t) => {
  const cluster = await startCluster({ hosts: 3, clock: later })
  t.teardown(() => cluster.stop())
  const [, second] = cluster.hosts
  for (const [action, command] of [
    ['leave', 'scoria leave alpha3'],
    ['lost', 'scoria peer lost alpha3'],
  ] as const) {
    t.match(await second?.call(host('alpha3', action), act()), {
      status: 409,
      body: {
        conflictingRequest: {
          message: `NoClusterKey: this host does not hold the cluster's key. Run on the host that ran scoria init: ${command}`,
        },
      },
    })
    t.equal((await second?.call(host('alpha3', action), act({ dry_run: true })))?.status, 200)
  }
})

t.test('wrong use of these calls is refused', async (t) => {
  const cluster = await startCluster({ hosts: 1, clock: later })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  t.equal((await first.call(host('nobody', 'leave'), act())).status, 404)
  t.equal((await first.call(host('nobody', 'lost'), act())).status, 404)
  t.match(await first.call(host('alpha1', 'leave'), act()), { status: 409, body: { conflictingRequest: { message: /^LastVoter: / } } })
  for (const body of [{ dry_run: 'yes' }, { dryrun: true }, [], 'x', { force: true }]) {
    t.equal((await first.call(host('alpha1', 'leave'), { method: 'POST', body })).status, 400, JSON.stringify(body))
  }
})
