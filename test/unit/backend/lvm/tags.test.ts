import fc from 'fast-check'
import t from 'tap'
import { identityOf, identityTags, ownerTags, stateTag } from '../../../../agent/backend/lvm/tags.ts'
import { projectId, requestId, snapshotId, volumeId } from '../../../../lib/model/ids.ts'

/** lvm(8), "Tags": the characters, and not a dash first. */
const LVM_TAG = /^[A-Za-z0-9_+./=!:#&][A-Za-z0-9_+./=!:#&-]{0,1023}$/
const VOLUME = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const SNAPSHOT = snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10')
const RID = requestId('0123456789abcdef0123456789abcdef')

t.test('whatever a project is called, LVM takes its tags, and they say it again', async (t) => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }).filter((text) => text.length <= 255)
  fc.assert(
    fc.property(name, fc.boolean(), (project, isSnapshot) => {
      const snapshot = isSnapshot ? SNAPSHOT : null
      const tags = { project: projectId(project), rid: RID }
      const written = [...identityTags(VOLUME, snapshot), ...ownerTags(tags)]
      const found = identityOf(written.toSorted())
      return (
        written.every((tag) => LVM_TAG.test(tag)) &&
        JSON.stringify(found) === JSON.stringify({ volume: VOLUME, snapshot, tags, state: 'ready', revert: null, from: null })
      )
    }),
  )
  const longest = ownerTags({ project: projectId('€'.repeat(255)), rid: RID })
  t.ok(longest.every((tag) => LVM_TAG.test(tag)))
})

t.test('each state has a tag that says it again', async (t) => {
  for (const state of ['making', 'copying', 'clearing', 'growing', 'reverting'] as const) {
    const tag = stateTag(state)
    t.match(tag, LVM_TAG)
    t.same(identityOf([...identityTags(VOLUME, null), tag])?.state, state)
  }
})

t.test('tags of others, and tags that this version does not know, make an LV nobody’s of ours', async (t) => {
  const own = identityTags(VOLUME, null)
  for (const tags of [
    [],
    ['volume'],
    ['scoria.volume=x'],
    [...own, 'scoria.state=moving'],
    [...own, 'scoria.snapshot='],
    [`scoria.volume=${VOLUME.toUpperCase()}`],
  ])
    t.equal(identityOf(tags), null, tags.join(' '))
})

t.test('owners that cannot be read are none, and the volume is there all the same', async (t) => {
  const own = identityTags(VOLUME, null)
  for (const tags of [
    [],
    [`scoria.request=${RID}`],
    ['scoria.project.0=a'],
    ['scoria.project.0==c3', `scoria.request=${RID}`],
    ['scoria.project.0=a', 'scoria.request=z'],
  ])
    t.match(identityOf([...own, ...tags]), { volume: VOLUME, tags: null }, tags.join(' '))
})
