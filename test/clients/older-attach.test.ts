/**
 * The calls from before attachments were a resource, made by Debian's cinderclient as a library: what Ironic, old computes and
 * scripts are written with. Each call goes to another host, drawn anew.
 *
 * Package: python3-cinderclient (npm run setup installs it).
 */
import { execFile } from 'node:child_process'
import t from 'tap'
import { createVolume, PROJECT, startCluster } from '../unit/api/cluster.ts'

t.setTimeout(300_000)

/** Arguments: a volume's id, the seed of the draw, and the hosts. The last line that is printed says that all went as wanted. */
const SCRIPT = `
import random, sys
from cinderclient import client, exceptions
from cinderclient.contrib.noauth import CinderNoAuthPlugin
from keystoneauth1 import session

volume, seed, hosts = sys.argv[1], sys.argv[2], sys.argv[3:]
draw = random.Random(seed)

def clients(headers):
    plugins = [CinderNoAuthPlugin('user', '${PROJECT}', None, host + '/v3') for host in hosts]
    return [client.Client('3.0', session=session.Session(auth=auth, additional_headers=headers)) for auth in plugins]

plain, nova = clients({}), clients({'X-Service-Token': 'nova:service'})

def any(of=plain):
    return draw.choice(of).volumes

def status(wanted):
    seen = any().get(volume).status
    assert seen == wanted, (seen, wanted)

def refused(with_code, call, *args):
    try:
        call(volume, *args)
    except exceptions.ClientException as error:
        assert error.code == with_code, (error, with_code)
        return
    raise AssertionError('not refused')

connector = {'initiator': 'iqn.1993-08.org.debian:01:a1', 'host': 'compute1', 'ip': '192.0.2.9', 'multipath': False,
             'platform': 'x86_64', 'os_type': 'linux', 'do_local_attach': False, 'system uuid': 'x'}
other = dict(connector, initiator='iqn.1993-08.org.debian:01:b2', host='compute2')
server = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003'

any().reserve(volume)
status('attaching')
refused(400, any().reserve)
any().unreserve(volume)
status('available')

any().reserve(volume)
info = any().initialize_connection(volume, connector)
assert info['driver_volume_type'] == 'iscsi' and volume in info['data']['target_iqn'], info
again = any().initialize_connection(volume, connector)
assert again['data'] == info['data'], (again, info)
refused(400, any().initialize_connection, other)
any().attach(volume, server, '/dev/vdb')
status('in-use')
assert [one['server_id'] for one in any().get(volume).attachments] == [server]

any().begin_detaching(volume)
status('detaching')
any().roll_detaching(volume)
status('in-use')
any().begin_detaching(volume)
refused(409, any().terminate_connection, connector)
refused(409, any().detach)
any(nova).terminate_connection(volume, connector)
any(nova).detach(volume)
status('available')

# As Terraform does it: without a reservation, for a host.
second = any().initialize_connection(volume, other)
assert second['data']['target_iqn'] != info['data']['target_iqn'], second
any().attach(volume, None, '/dev/vdc', host_name='compute2')
[held] = any().get(volume).attachments
assert held['host_name'] == 'compute2' and held['device'] == '/dev/vdc', held
any().terminate_connection(volume, other)
any().detach(volume, held['attachment_id'])
status('available')
print('as wanted')
`

t.test('cinderclient reserves, connects, attaches, disconnects and detaches, through any host', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  for (const seed of ['one', 'two']) {
    const { id } = await createVolume(cluster.first)
    const args = ['-c', SCRIPT, id, seed, ...cluster.hosts.map(({ url }) => url)]
    const { out, err } = await new Promise<{ out: string; err: string }>((resolve) => {
      execFile('python3', args, { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }, timeout: 120_000 }, (_, out, err) =>
        resolve({ out, err }),
      )
    })
    t.match(out, /as wanted/, `${seed}: ${err}`)
  }
})
