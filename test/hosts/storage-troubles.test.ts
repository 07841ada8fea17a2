/**
 * An agent whose storage has a bad day: a command hangs, prints rubbish, complains after it has worked; a volume group and a
 * thin pool are full; somebody holds a device. Each time the API says what an operator has to know, nothing is left behind,
 * and when the trouble is over what was asked for is there.
 */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { at, items, textAt } from '../cluster/client.ts'
import { ROOT } from '../house/tree.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { untilAgreed, type Wanted } from './agreement.ts'
import { startLab } from './lab.ts'

t.setTimeout(1_800_000)

/** Of a call; on a busy machine a look at the volume group takes some seconds. */
const CALL_MS = 20_000
const WITHIN_MS = { timeoutMs: 240_000, everyMs: 500 }
const WRAPPER = '/usr/local/sbin/lvm'

const lab = await startLab({ storage: 1, dataGiB: 8, memoryMiB: 512 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const host = lab.storage(0)
const client = host.client()

const create = async (type: string, size = 1): Promise<string> => {
  const body = { volume: { size, volume_type: type, name: `${type} ${size}` } }
  return textAt(at(await client.call('POST', '/volumes', 202, body), 'volume'), 'id')
}
const reaches = (volume: string, status: string): Promise<void> =>
  waitFor(
    `volume ${volume} is ${status}`,
    async () => {
      const answer = await client.ask('GET', `/volumes/${volume}`)
      if (answer.kind === 'answer' && answer.status === 404 && status === 'gone') return undefined
      const seen = answer.kind === 'answer' ? textAt(at(answer.body, 'volume'), 'status') : answer.why
      if (seen.startsWith('error') && !status.startsWith('error'))
        throw new Error(`${volume}: ${(await client.messages(volume)).join('; ')}`)
      return seen === status ? undefined : new NotYet(seen)
    },
    { ...WITHIN_MS, logs: [host.logFile] },
  )
const remove = async (volume: string): Promise<void> => {
  await client.call('DELETE', `/volumes/${volume}`, 202)
  await reaches(volume, 'gone')
}
const trouble = (text: string): Promise<string> => host.must(`echo '${text}' > /run/trouble.new && mv /run/trouble.new /run/trouble`)
/** And the pools are what they were before: an agent measures them every few seconds. */
const over = async (): Promise<void> => {
  await host.must('rm -f /run/trouble; [ ! -s /run/hanging ] || kill $(cat /run/hanging); rm -f /run/hanging')
  const look = async (): Promise<undefined | NotYet> => {
    const pools = items(await client.call('GET', '/scheduler-stats/get_pools?detail=true', 200), 'pools')
    const stalled = pools.filter((pool) => textAt(at(pool, 'capabilities'), 'backend_trouble') !== '')
    return stalled.length === 0 ? undefined : new NotYet(stalled)
  }
  await waitFor('no pool is stalled', look, WITHIN_MS)
}
/** What placement goes by. */
const poolsShow = (wanted: RegExp): Promise<void> =>
  waitFor(
    `the pools show ${wanted}`,
    async () => {
      const pools = JSON.stringify(await client.call('GET', '/scheduler-stats/get_pools?detail=true', 200))
      return wanted.test(pools) ? undefined : new NotYet(pools)
    },
    WITHIN_MS,
  )
const messageOf = async (volume: string): Promise<string> => (await client.messages(volume)).join('; ')
/** What every create says now: one that is refused, and deleted again. */
const refusal = async (type: string, size = 1): Promise<string> => {
  const volume = await create(type, size)
  await reaches(volume, 'error')
  const text = await messageOf(volume)
  t.comment(text)
  await remove(volume)
  return text
}
const agree = async (t: Test, volumes: Wanted['volumes']): Promise<void> => {
  await untilAgreed({ host, client, vg: 'vg' }, { volumes, snapshots: new Map(), attachments: new Map() })
  t.pass('nothing is left behind')
}
/** The pool's own words for what is wrong with it. */
const stalledBy = (type: string, why: RegExp): Promise<void> =>
  waitFor(
    `the pool of ${type} is stalled`,
    async () => {
      const pools = items(await client.call('GET', '/scheduler-stats/get_pools?detail=true', 200), 'pools')
      const pool = pools.find((one) => textAt(one, 'name') === `s1@${type}#pool`)
      return why.test(textAt(at(pool, 'capabilities'), 'backend_trouble')) ? undefined : new NotYet(pool)
    },
    WITHIN_MS,
  )
const none: Wanted['volumes'] = new Map()

t.test('an agent on a thick and on a thin volume group', async () => {
  await host.must(`chmod 700 /var/lib/scoria && install -m 755 ${join(ROOT, 'test/hosts/guest/troubled-lvm.sh')} ${WRAPPER}`)
  await host.must('> /etc/lvm/lvm.conf; modprobe loop; cd /var/lib/scoria && truncate -s 1400M disk0 && truncate -s 2G disk1')
  await host.must('losetup /dev/loop0 /var/lib/scoria/disk0 && losetup /dev/loop1 /var/lib/scoria/disk1')
  await host.must('vgcreate -q vg /dev/ubda && vgcreate -q thinvg /dev/loop0')
  const network = ['--listen', `${host.address}:8777`, '--portal', `${host.address}:3260`, '--target', 'lio']
  await host.scoria('init', '--name', host.name, '--dir', '/var/lib/scoria', ...network, '--vg', 'vg', '--quota', 'volumes=-1,gigabytes=-1')
  const thin = {
    kind: 'lvm',
    name: 'thin',
    vg: 'thinvg',
    thinPool: 'pool',
    thinPoolGiB: 1,
    thinPoolMaxGiB: 3,
    maxOverSubscriptionRatio: 20,
  }
  await host.configure((config) => ({
    ...config,
    backends: [{ kind: 'lvm', name: 'thick', vg: 'vg' }, thin],
    limits: { callTimeoutMs: CALL_MS },
  }))
  await host.startAgent()
  for (const name of ['thick', 'thin']) {
    const body = { volume_type: { name, extra_specs: { volume_backend_name: name } } }
    await waitFor(
      'the type is made',
      async () => {
        const answer = await client.ask('POST', '/types', body, { 'idempotency-key': name })
        return answer.kind === 'answer' && answer.status === 200 ? undefined : new NotYet(answer)
      },
      WITHIN_MS,
    )
  }
})

t.test('a create that hangs in lvcreate stays `creating`, its pool takes nothing more and says why, and it ends well', async (t) => {
  const before = await create('thick')
  await reaches(before, 'available')
  await trouble('lvcreate vg hangs')
  const volume = await create('thick')
  await stalledBy('thick', /time limit passed/)
  t.match(await client.volume(volume), { status: 'creating' }, 'nobody says that it failed')
  t.match(await refusal('thick'), /s1@thick#pool .*stalled, lvm: .*time limit/, 'what is new is refused, with the reason')
  t.match(await client.volume(before), { status: 'available' }, 'what is there is shown')
  const other = await create('thin')
  await reaches(other, 'available')
  await remove(other)
  await over()
  await reaches(volume, 'available')
  await agree(
    t,
    new Map([
      [before, 1],
      [volume, 1],
    ]),
  )
  for (const one of [before, volume]) await remove(one)
  await agree(t, none)
})

t.test('while LVM prints what cannot be read nothing is done and nothing is taken for lost', async (t) => {
  const before = await create('thick')
  await reaches(before, 'available')
  await trouble('lvs vg rubbish')
  await stalledBy('thick', /cannot be read/)
  t.match(await refusal('thick'), /s1@thick#pool .*stalled, lvm: .*cannot be read/)
  await client.call('DELETE', `/volumes/${before}`, 202)
  t.match(await client.volume(before), { status: 'deleting' })
  await over()
  await reaches(before, 'gone')
  await agree(t, none)
})

t.test('a command that complains after it has worked has worked', async (t) => {
  await trouble('lvcreate vg complains-afterwards')
  const volume = await create('thick')
  await reaches(volume, 'available')
  await trouble('lvextend vg complains-afterwards')
  await client.call('POST', `/volumes/${volume}/action`, 202, { 'os-extend': { new_size: 2 } })
  await reaches(volume, 'available')
  await trouble('lvremove vg complains-afterwards')
  await remove(volume)
  await over()
  await agree(t, none)
})

t.test('a volume group that somebody else has filled: the create says so, and works when there is room', async (t) => {
  await host.must(['/usr/sbin/lvm', 'lvcreate', '-q', '-y', '-l', '100%FREE', '-n', 'others', 'vg'])
  t.match(await refusal('thick'), /insufficient free space.*vgextend vg|CapacityFilter/)
  await host.must(['/usr/sbin/lvm', 'lvremove', '-q', '-y', 'vg/others'])
  await poolsShow(/s1@thick#pool[^}]*"total_capacity_gb":[1-9]/)
  const volume = await create('thick')
  await reaches(volume, 'available')
  await remove(volume)
  await agree(t, none)
})

t.test('a device that somebody holds open: the delete says who to look for, and works when it is free', async (t) => {
  const volume = await create('thick')
  await reaches(volume, 'available')
  await host.must(`setsid sleep 3600 < /dev/vg/volume-${volume} > /dev/null 2>&1 & echo $! > /run/holder`)
  await client.call('DELETE', `/volumes/${volume}`, 202)
  await reaches(volume, 'error_deleting')
  const text = await messageOf(volume)
  t.comment(text)
  t.match(text, new RegExp(`^delete volume:.* vg/volume-${volume} is in use: .*lsblk.*fuser`))
  await host.must('kill $(cat /run/holder)')
  await remove(volume)
  await agree(t, none)
})

t.test('a thin pool that is filled to its guard refuses what is new, goes on with what is there, and grows with its group', async (t) => {
  const volume = await create('thin', 2)
  await reaches(volume, 'available')
  await host.must(['/usr/sbin/lvm', 'lvcreate', '-q', '-y', '-l', '100%FREE', '-n', 'others', 'thinvg'])
  const device = `/dev/thinvg/volume-${volume}`
  const write = (atMiB: number, mib: number): Promise<string> =>
    host.must(`yes full | dd of=${device} bs=1M seek=${atMiB} count=${mib} iflag=fullblock oflag=direct conv=notrunc,fsync status=none`, {
      timeoutMs: 240_000,
    })
  const sum = (): Promise<string> => host.must(`dd if=${device} bs=1M count=64 iflag=direct status=none | sha256sum`)
  await write(0, 980)
  const before = await sum()
  await waitFor('it is told', async () => (host.agentLog().includes('"thin-pool-filling"') ? undefined : new NotYet('not yet')), WITHIN_MS)
  // Told at less than the guard, and by a look before the last writes: placement refuses by what the pools show.
  await poolsShow(/s1@thin#pool[^}]*"thin_data_percent":(9[5-9]|100)/)
  t.match(await refusal('thin'), /s1@thin#pool .*(thin_data_percent|data).*9\d/i, 'the reason is how full it is')
  await write(100, 20)
  t.equal(await sum(), before, 'the volume goes on')
  await host.must('/usr/sbin/lvm pvcreate -q /dev/loop1 && /usr/sbin/lvm vgextend -q thinvg /dev/loop1')
  await waitFor(
    'it has room',
    async () => (host.agentLog().includes('"thin-pool-has-room"') ? undefined : new NotYet('not yet')),
    WITHIN_MS,
  )
  const other = await create('thin')
  await reaches(other, 'available')
  await write(990, 100)
  t.equal(await sum(), before, 'with its bytes')
  for (const one of [volume, other]) await remove(one)
  t.notMatch(await host.must('/usr/sbin/lvm lvs --noheadings -o lv_name thinvg'), /volume-/)
})
