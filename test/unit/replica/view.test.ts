/** The picture of all volumes, as lists read it. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { creatingVolume } from '../../../lib/flows/shape.ts'
import { type PeerId, peerId, type ProjectId, projectId, requestId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { Volume } from '../../../lib/model/volume.ts'
import { appended, NEW_LOG, recordHash } from '../../../lib/model/log.ts'
import { applyDelta, emptyView, logOf, noteGranted, type View, volumesOf } from '../../../lib/replica/view.ts'

const OWNERS = ['a', 'b'].map(peerId)
const PROJECTS = ['p', 'q'].map(projectId)

t.test('a project is shown its volumes and no other, newest first, after every change', async (t) => {
  const change = fc.record({
    owner: fc.integer({ min: 0, max: 1 }),
    volume: fc.integer({ min: 0, max: 7 }),
    time: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom('record', 'tombstone', 'grant'),
  })
  const isKept = fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
    const view = emptyView()
    for (const { owner, volume, time, kind } of changes) {
      // A volume has one owner and one project for all its life.
      const made = volumeOf(volume * 2 + owner, time)
      if (kind === 'grant') noteGranted(view, made, ownerAt(owner), view.collections)
      else publish(view, owner, made.id, kind === 'record' ? made : null)
      for (const project of PROJECTS) assert.deepEqual(idsOf(volumesOf(view, project)), counted(view, project))
    }
  })
  t.doesNotThrow(() => fc.assert(isKept, { numRuns: 100 }))
})

t.test('as long as a project does not change, its list is the same list', async (t) => {
  const view = emptyView()
  publish(view, 0, volumeOf(0, 1).id, volumeOf(0, 1))
  const before = volumesOf(view, projectAt(0))
  publish(view, 0, volumeOf(1, 1).id, volumeOf(1, 1))
  t.equal(volumesOf(view, projectAt(0)), before, 'another project changed')
  publish(view, 0, volumeOf(2, 1).id, volumeOf(2, 1))
  t.not(volumesOf(view, projectAt(0)), before, 'this one changed')
})

function idsOf(known: readonly { readonly volume: Volume }[]): readonly VolumeId[] {
  return known.map(({ volume }) => volume.id)
}

function counted(view: View, project: string): readonly VolumeId[] {
  const volumes = [...view.volumes.values()].map((known) => known.volume).filter((volume) => volume.project === project)
  return volumes.sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1)).map((volume) => volume.id)
}

function publish(view: View, owner: number, id: VolumeId, volume: Volume | null): void {
  const { head, records } = logOf(view, ownerAt(owner))
  const record = { seq: (head?.seq ?? 0) + 1, id, volume }
  const replaced = records.get(id)
  const state = appended(head ?? { ...NEW_LOG, epoch: 1 }, recordHash(record), replaced === undefined ? null : recordHash(replaced))
  const after = record.seq - 1
  const next = { ...state, owner: ownerAt(owner), signature: '' }
  const taken = applyDelta(
    view,
    { kind: 'delta', head: next, from: after, after, upTo: record.seq, more: false, records: [record] },
    () => true,
  )
  assert.equal(taken.kind, 'applied')
}

function ownerAt(n: number): PeerId {
  return OWNERS[n % 2] ?? peerId('')
}

function projectAt(n: number): ProjectId {
  return PROJECTS[n % 2] ?? projectId('')
}

function volumeOf(n: number, createdAtMs: number): Volume {
  const spec = {
    id: volumeId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
    project: projectAt(n),
    user: 'u',
    name: null,
    description: null,
    sizeGiB: 1,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs,
  }
  return creatingVolume(spec, requestId('0'.repeat(32)), ownerAt(n), null, 'nova')
}
