/** What lies in a volume group of a real kernel: taken in as a volume or a snapshot, and given back, with every byte as it was. */
import t from 'tap'
import { existingContract, type LaidUnderTest, type Outside, outsideContract } from '../contract/existing.ts'
import { existingSnapshotContract, outsideSnapshotContract } from '../contract/existing-snapshots.ts'
import { guestExec } from './guest-exec.ts'
import { startLab } from './lab.ts'
import { openLvm, POOL, VG } from './lvm-place.ts'

t.setTimeout(1_500_000)

const lab = await startLab({ storage: 1, dataGiB: 12 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
const host = lab.storage(0)
await host.must(`vgcreate -q ${VG} /dev/ubda`)

// The thick one first: to it a thin pool is something that lies there.
for (const thinPool of [null, 'thin'])
  t.test(`a volume group, ${thinPool ?? 'thick'}`, async (t) => {
    const make = async (): Promise<LaidUnderTest> => {
      // What the agent removes it clears; what is removed here the next would find on its extents.
      const clear = `for lv in /dev/${VG}/*; do [ ! -b $lv ] || dd if=/dev/zero of=$lv bs=1M count=1 conv=notrunc,fsync status=none; done`
      if (thinPool === null) await host.must(`lvchange -q -a y -K ${VG}; ${clear}`)
      await host.must(`lvremove -q --yes --select 'lv_name!="thin"' ${VG}`)
      const backend = await openLvm(guestExec(host), thinPool)
      return { backend, pool: POOL, restarted: () => backend, outside: outsideOf(thinPool), nameFor: (word) => word }
    }
    existingContract(t, make)
    existingSnapshotContract(t, make)
    outsideContract(t, make)
    outsideSnapshotContract(t, make)
  })

/** An operator's hands on the group: LVM's own commands, without what the agent gives them. */
function outsideOf(thinPool: string | null): Outside {
  const make = (name: string, sizeBytes: number): string =>
    thinPool === null
      ? `lvcreate -q -y -Wn -Zn -L ${sizeBytes}b -n ${name} ${VG}`
      : `lvcreate -q -V ${sizeBytes}b -n ${name} --thinpool ${thinPool} ${VG}`
  const write = (name: string, text: string): string => `printf '%s' '${text}' | dd of=/dev/${VG}/${name} conv=notrunc,fsync status=none`
  return {
    async lay(name, sizeBytes, text) {
      await host.must(`${make(name, sizeBytes)} && ${write(name, text)}`)
    },
    // LVM knows of no thick snapshot that is one for good: who copies an LV by hand says so with a tag.
    async laySnapshot(word, of) {
      const [source, tag] = [`${VG}/volume-${of}`, `scoria.copy-of=${of}`]
      const copy = `dd if=/dev/${source} of=/dev/${VG}/${word} bs=1M count=1 conv=notrunc,fsync status=none`
      const size = `$(lvs --noheadings --nosuffix --units b -o lv_size ${source} | tr -d ' ')`
      await host.must(
        thinPool === null
          ? `lvcreate -q -y -Wn -Zn -L ${size}b --addtag ${tag} -n ${word} ${VG} && ${copy}`
          : `lvcreate -q -s -n ${word} ${source}`,
      )
      return word
    },
    async read(of) {
      const isVolume = (await host.run(`lvs ${VG}/volume-${of}`)).code === 0
      const name = isVolume ? `volume-${of}` : of
      // A snapshot is activated by nobody but who asks for it, and let go again so that it can be taken in.
      const activity = (await host.must(`lvs --noheadings -o lv_active ${VG}/${name}`)).trim()
      await host.must(`lvchange -q -a y -K ${VG}/${name}`)
      const text = await host.must(`head -c 64 /dev/${VG}/${name} | tr -d '\\0'`)
      if (activity !== 'active') await host.must(`lvchange -q -a n ${VG}/${name}`)
      return text
    },
  }
}
