/** What an operator reads when a volume group will not do: one line each, with the remedy. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkLvmBackend } from '../../../../agent/backend/lvm/check.ts'
import { createVolumeGroup } from '../../../../agent/backend/lvm/volume-group.ts'
import type { CommandResult, Exec } from '../../../../lib/ports/exec.ts'

const FIXTURES = join(import.meta.dirname, '../../../../../test/fixtures/lvm-2.03.16')
const recorded = (file: string): Partial<CommandResult> => ({ stdout: readFileSync(join(FIXTURES, file), 'utf8') })
const ENDED: CommandResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false, missing: false }

/** A host where everything is well, but for `ends`: by the command's name, and for `lvm` by its first argument. */
function hostWith(ends: Readonly<Record<string, Partial<CommandResult>>>): { readonly exec: Exec; readonly changes: string[] } {
  const well = {
    version: { stdout: '  LVM version:     2.03.16(2) (2022-05-18)\n  Driver version:  4.47.0\n' },
    lvmconfig: { stdout: 'scan_lvs=0\n' },
    lvs: recorded('lvs.json'),
  }
  const changes: string[] = []
  const exec: Exec = async ({ file, args }) => {
    const name = file === 'lvm' ? (args[0] ?? '') : file
    if (/^lv(create|change)$/.test(name)) changes.push([name, ...args.slice(5)].join(' '))
    return { ...ENDED, ...new Map<string, Partial<CommandResult>>(Object.entries({ ...well, ...ends })).get(name) }
  }
  return { exec, changes }
}

async function checked(
  ends: Readonly<Record<string, Partial<CommandResult>>>,
  thinPool: string | null = 'thin',
  thinPoolGiB: number | null = null,
): Promise<{ readonly problem: string | null; readonly changes: readonly string[] }> {
  const { exec, changes } = hostWith(ends)
  const vg = createVolumeGroup({ exec, name: 'vg0' })
  return { problem: await checkLvmBackend({ exec, vg, place: { vg: 'vg0', thinPool }, thinPoolGiB }), changes }
}

t.test('a group and a pool that will do are taken, and nothing in them is touched', async (t) => {
  t.same(await checked({}), { problem: null, changes: [] })
})

t.test('each miss names its remedy', async (t) => {
  const notFound = { exitCode: 5, stderr: '  Volume group "vg0" not found\n  Cannot process volume group vg0\n' }
  const large = { stdout: String(recorded('lvs.json').stdout).replaceAll('"vg_extent_size":"4194304"', '"vg_extent_size":"3145728"') }
  const cases: readonly (readonly [Readonly<Record<string, Partial<CommandResult>>>, string | null, RegExp])[] = [
    [{ version: { exitCode: null, missing: true } }, null, /lvm2 is not installed: apt-get install -y lvm2/],
    [{ version: { stdout: '  LVM version:     2.03.16(2) (2022-05-18)\n' } }, null, /no device-mapper.*modprobe dm_mod/],
    [{ lvmconfig: { stdout: 'scan_lvs=1\n' } }, null, /scan_lvs = 0/],
    [{ thin_check: { exitCode: null, missing: true } }, 'thin', /apt-get install -y thin-provisioning-tools/],
    [{ lvs: notFound, vgimportdevices: notFound }, null, /vg0 is not there: vgcreate --metadatasize 16m vg0/],
    [{ lvs: { exitCode: null, timedOut: true } }, null, /vg0 cannot be read: .*time limit/],
    [{ lvs: recorded('lvs-disk-missing.json') }, null, /misses 1 of its disks.*vgreduce --removemissing vg0/],
    [{ lvs: large }, null, /extents of 3145728 bytes.*vgchange --physicalextentsize/],
    [{ lvs: recorded('lvs-pool-without-zeroing.json') }, 'thin', /does not zero.*lvchange --zero y vg0\/thin/],
    [{}, 'nosuch', /thin pool vg0\/nosuch is not there: lvcreate --type thin-pool --zero y .*backends\[\]\.thinPoolGiB/],
    [{}, 'root', /vg0\/root is no thin pool/],
  ]
  for (const [ends, thinPool, remedy] of cases) {
    const { problem, changes } = await checked(ends, thinPool)
    t.match(problem, remedy)
    t.same(changes, [], 'nothing was touched')
  }
})

t.test('a thin pool is made, zeroing, if its size is said; and what it cannot be made for is told', async (t) => {
  t.same((await checked({}, 'fresh', 3)).changes[0], 'lvcreate --yes --type thin-pool --zero y --size 3g --name fresh vg0')
  const full = { exitCode: 5, stderr: '  Volume group "vg0" has insufficient free space (757 extents): 768 required.\n' }
  t.match((await checked({ lvcreate: full }, 'fresh', 3)).problem, /fresh of 3 GiB cannot be made: .*insufficient free space/)
})
