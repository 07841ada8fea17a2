/**
 * No package that runs in production may ask for a newer Node than we promise.
 *
 * libp2p's family and fastify's float below our pins; a package that has left Node 20 behind should fail here, by name, and
 * not in somebody's production.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { admits } from '../../house/node-range.ts'
import { ROOT, read } from '../../house/tree.ts'

const OLDEST_NODE = '20.20.0'

/**
 * They say Node 22 and are known to run on 20: each was read and tried. An entry whose package is gone must go too.
 * cookie 2 comes with light-my-request, which fastify uses for `inject` alone.
 */
const KNOWN = ['cookie']

t.test('the installed run-time packages accept the oldest Node that we promise', async (t) => {
  const { packages } = JSON.parse(read('package-lock.json'))
  const offenders = new Set<string>()
  let looked = 0
  for (const [path, entry] of Object.entries<{ dev?: boolean }>(packages)) {
    // Optional packages for other platforms are in the lockfile and not on the disk.
    if (path === '' || entry.dev === true || !existsSync(join(ROOT, path, 'package.json'))) continue
    const { name, engines } = JSON.parse(read(join(path, 'package.json')))
    looked += 1
    if (typeof engines?.node === 'string' && !admits(engines.node, OLDEST_NODE)) offenders.add(name)
  }
  t.ok(looked > 100, `${looked} packages were looked at`)
  t.same([...offenders].sort(), KNOWN, `packages that do not accept Node ${OLDEST_NODE}`)
})

t.test('package.json promises what is tested here', async (t) => {
  t.ok(admits(JSON.parse(read('package.json')).engines.node, OLDEST_NODE))
})

t.test('a range of versions is read as npm reads it', async (t) => {
  const table: ReadonlyArray<readonly [string, boolean]> = [
    ['*', true],
    ['', true],
    ['>=20', true],
    ['>= 20.19.0', true],
    ['>=22', false],
    ['>20', false],
    ['20', true],
    ['20.x', true],
    ['v20.20', true],
    ['20.20.1', false],
    ['^20.19.0', true],
    ['^20.21', false],
    ['~20.20.0', true],
    ['~20.19.0', false],
    ['^18.19.0 || >=20.5.0', true],
    ['^18 || >=22', false],
    ['>=18 <20', false],
    ['>= 10.x', true],
    ['>=16 <=20', true],
    ['18 - 20', true],
    ['18 - 20.19', false],
    ['<21.0.0', true],
  ]
  for (const [range, expected] of table) t.equal(admits(range, '20.20.0'), expected, `"${range}" and 20.20.0`)
})
