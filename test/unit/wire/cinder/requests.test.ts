/** What is taken from a request, and what is refused: limits are Cinder's. */
import t from 'tap'
import { parseAttachmentAction, parseCreateAttachment, parseUpdateAttachment } from '../../../../lib/wire/cinder/attachment-request.ts'
import { NO_HINTS } from '../../../../lib/model/hints.ts'
import type { Parsed } from '../../../../lib/wire/cinder/input.ts'
import { parseMetadata, parseMetadataItem } from '../../../../lib/wire/cinder/metadata-request.ts'
import { parseMicroversion } from '../../../../lib/wire/cinder/microversion.ts'
import { parseExplain, parseInvite } from '../../../../lib/wire/cinder/own-request.ts'
import { parseVolumeAction } from '../../../../lib/wire/cinder/volume-action-request.ts'
import { parseCreateVolume, parseUpdateVolume } from '../../../../lib/wire/cinder/volume-request.ts'

const UUID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'
const create = (volume: unknown, minor = 71) => parseCreateVolume({ volume }, minor)
const hinted = (hints: unknown) => parseCreateVolume({ volume: { size: 1 }, 'OS-SCH-HNT:scheduler_hints': hints }, 71)
const plain = { name: null, description: null, sizeGiB: 1, source: null, type: null, zone: null, metadata: {} }

function codeOf(parsed: Parsed<unknown>): string {
  return parsed.ok ? 'accepted' : parsed.failure.code
}

t.test('the microversion is the entry for volumes; without one it is 3.0', async (t) => {
  const table: ReadonlyArray<readonly [string | undefined, number | string]> = [
    [undefined, 0],
    ['volume 3.0', 0],
    ['volume 3.71', 71],
    ['volume latest', 71],
    ['block-storage 3.44', 44],
    ['compute 2.90, volume 3.27', 27],
    ['  volume   3.8 ,compute 2.1', 8],
    ['compute 2.1', 0],
    ['', 0],
    ['volume 3.72', 'unsupported-microversion'],
    ['volume 2.0', 'unsupported-microversion'],
    ['volume 3', 'bad-microversion'],
    ['volume 3.07', 'bad-microversion'],
    ['volume three', 'bad-microversion'],
    ['volume', 'bad-microversion'],
  ]
  for (const [header, expected] of table) {
    const parsed = parseMicroversion(header)
    t.equal(parsed.ok ? parsed.value : parsed.failure.code, expected, `header ${header}`)
  }
})

t.test('a create keeps what Cinder’s clients send and drops what says nothing', async (t) => {
  const sent = {
    size: '3',
    name: '  data ',
    description: null,
    volume_type: null,
    availability_zone: 'zone-1',
    metadata: { a: 'b' },
    imageRef: null,
    snapshot_id: null,
    source_volid: null,
    consistencygroup_id: null,
    backup_id: null,
    multiattach: false,
  }
  t.same(create(sent), {
    ok: true,
    value: { name: 'data', description: null, sizeGiB: 3, source: null, type: null, zone: 'zone-1', metadata: { a: 'b' }, hints: NO_HINTS },
  })
  t.match(create({ size: 1, display_name: 'old', display_description: 'words' }, 0), { value: { name: 'old', description: 'words' } })
  t.match(create({ size: 1, volume_type: '', availability_zone: '', metadata: null }), { value: { type: null, zone: null, metadata: {} } })
})

t.test('a copy names one source, and may leave its size to it', async (t) => {
  t.match(create({ size: null, snapshot_id: 's' }), { value: { sizeGiB: null, source: { kind: 'snapshot', id: 's' } } })
  t.match(create({ size: 2, source_volid: 'v' }), { value: { sizeGiB: 2, source: { kind: 'volume', id: 'v' } } })
  t.equal(codeOf(create({ size: 2, snapshot_id: 's', source_volid: 'v' })), 'bad-value')
  t.equal(codeOf(create({ size: 2, snapshot_id: 7 })), 'bad-value')
})

t.test('sizes are whole GiB from 1 to 2147483647', async (t) => {
  for (const size of [1, 2147483647, '1', '0010']) t.equal(codeOf(create({ size })), 'accepted', `size ${size}`)
  for (const size of [0, -1, 1.5, 2147483648, 1e300, '0', '-1', '1.5', '99999999999', '1e3', '', ' ', 'ten', true, [1], {}]) {
    t.equal(codeOf(create({ size })), 'bad-value', `size ${JSON.stringify(size)}`)
    t.equal(codeOf(parseVolumeAction({ 'os-extend': { new_size: size } })), 'bad-value', `new_size ${JSON.stringify(size)}`)
  }
  t.equal(codeOf(create({})), 'missing-key', 'no size')
  t.equal(codeOf(create({ size: null })), 'missing-key', 'size null')
  t.match(create({ size: 0 }), { failure: { path: 'volume.size', value: '0', rule: { kind: 'minimum', limit: 1 } } })
})

t.test('names have at most 255 characters and no control characters', async (t) => {
  t.equal(codeOf(create({ size: 1, name: 'n'.repeat(255) })), 'accepted')
  t.equal(codeOf(create({ size: 1, name: 'größe 数据 🪨' })), 'accepted', 'any script')
  for (const key of ['name', 'description', 'display_name', 'display_description']) {
    t.match(create({ size: 1, [key]: 'n'.repeat(256) }), {
      failure: { code: 'bad-value', path: `volume.${key}`, rule: { kind: 'too-long', limit: 255 } },
    })
    for (const code of [0x0a, 0x00, 0x1b, 0x7f, 0x2028]) {
      const name = create({ size: 1, [key]: `a${String.fromCodePoint(code)}b` })
      t.match(name, { failure: { code: 'bad-value', rule: { kind: 'form' } } }, `${key} with U+${code.toString(16)}`)
    }
    t.equal(codeOf(create({ size: 1, [key]: 7 })), 'bad-value', `${key} as a number`)
  }
})

t.test('metadata has keys of 1 to 255 plain characters and texts up to 255', async (t) => {
  const long = 'k'.repeat(255)
  t.equal(codeOf(create({ size: 1, metadata: { [long]: 'v'.repeat(255), 'a-b_c:d.e f/g': '' } })), 'accepted')
  const wrong: unknown[] = [
    { '': 'v' },
    { [`${long}k`]: 'v' },
    { k: 'v'.repeat(256) },
    { k: 1 },
    { k: null },
    { 'a\n': 'v' },
    { ä: 'v' },
    JSON.parse('{"__proto__": "v"}'),
    ['v'],
    'v',
  ]
  for (const metadata of wrong) {
    t.equal(codeOf(create({ size: 1, metadata })), 'bad-value', JSON.stringify(metadata))
    t.equal(codeOf(parseMetadata({ metadata })), 'bad-value', `as a body: ${JSON.stringify(metadata)}`)
  }
  t.equal(codeOf(parseMetadata({})), 'missing-key')
  t.equal(codeOf(parseMetadata({ metadata: {}, more: 1 })), 'unknown-key')
})

t.test('one metadata item has the key that the URL names', async (t) => {
  t.same(parseMetadataItem({ meta: { k: 'v' } }, 'k'), { ok: true, value: 'v' })
  t.equal(codeOf(parseMetadataItem({ meta: { other: 'v' } }, 'k')), 'bad-value')
  t.equal(codeOf(parseMetadataItem({ meta: { k: 'v', l: 'w' } }, 'k')), 'bad-value')
  t.equal(codeOf(parseMetadataItem({ meta: {} }, 'k')), 'bad-value')
})

t.test('unknown keys are ignored before 3.53 and refused from there', async (t) => {
  t.equal(codeOf(create({ size: 1, colour: 'red' }, 52)), 'accepted')
  t.match(create({ size: 1, colour: 'red' }, 53), { failure: { code: 'unknown-key', path: 'volume', keys: ['colour'] } })
  t.equal(codeOf(parseUpdateVolume({ volume: { size: 9 } }, 0)), 'unknown-key', 'an update never changes what it may not')
})

t.test('what is not there yet is refused by name', async (t) => {
  for (const key of ['imageRef', 'image_id', 'backup_id', 'consistencygroup_id']) {
    t.match(create({ size: 1, [key]: UUID }), { failure: { code: 'not-supported', feature: key } }, key)
  }
  t.match(create({ size: 1, multiattach: true }), { failure: { code: 'not-supported', feature: 'multiattach' } })
  t.match(hinted({ local_to_instance: UUID }), { failure: { code: 'not-supported', feature: 'local_to_instance' } })
})

t.test('hints name volumes by one id or a list, and ask pools a query', async (t) => {
  const other = UUID.replace('0001', '0002')
  t.match(hinted({ same_host: UUID.toUpperCase(), different_host: [other, UUID] }), {
    value: { hints: { sameHost: [UUID], differentHost: [other, UUID], query: null } },
  })
  t.match(parseCreateVolume({ volume: { size: 1 }, scheduler_hints: { same_host: UUID } }, 71), { value: { hints: { sameHost: [UUID] } } })
  for (const nothing of [{}, null, { query: '' }, { query: '[]' }, { same_host: [] }, { whatever: 'else' }])
    t.match(hinted(nothing), { value: { hints: NO_HINTS } }, JSON.stringify(nothing))
  t.same(hinted({ query: '["and", [">=", "$free_capacity_gb", 100], ["in", "$capabilities.tier", "gold", null, ""], []]' }), {
    ok: true,
    value: {
      ...plain,
      hints: {
        ...NO_HINTS,
        query: {
          kind: 'call',
          command: 'and',
          terms: [
            {
              kind: 'call',
              command: '>=',
              terms: [
                { kind: 'read', path: ['free_capacity_gb'] },
                { kind: 'value', value: 100 },
              ],
            },
            {
              kind: 'call',
              command: 'in',
              terms: [
                { kind: 'read', path: ['capabilities', 'tier'] },
                { kind: 'value', value: 'gold' },
                { kind: 'value', value: null },
              ],
            },
            { kind: 'value', value: true },
          ],
        },
      },
    },
  })
})

t.test('hints that Cinder’s filters would refuse every pool for are refused', async (t) => {
  const deep = `${'["not", '.repeat(17)}true${']'.repeat(17)}`
  const wide = `["="${', 1'.repeat(100)}]`
  const wrong: readonly unknown[] = [
    ...['db', '', [UUID, 'db'], 7, { id: UUID }, Array.from({ length: 101 }, () => UUID)].flatMap((value) => [
      { same_host: value },
      { different_host: value },
    ]),
    ...['{}', '"and"', 'and', '["xor", true]', '[["and"]]', '[1]', deep, wide, `["=", "${'x'.repeat(4096)}"]`].map((query) => ({ query })),
    { query: ['=', 1, 1] },
    'same_host',
    [UUID],
  ]
  for (const hints of wrong) t.match(hinted(hints), { failure: { code: 'bad-value' } }, JSON.stringify(hints).slice(0, 80))
  t.match(hinted({ same_host: 'db' }), {
    failure: { path: 'OS-SCH-HNT:scheduler_hints.same_host', value: 'db', rule: { kind: 'form', wanted: 'a UUID' } },
  })
})

t.test('a body that is no object of the right form is refused', async (t) => {
  for (const body of [null, [], 'text', 7, { volumes: {} }, { volume: null }, { volume: [] }]) {
    t.not(codeOf(parseCreateVolume(body, 71)), 'accepted', JSON.stringify(body))
    t.not(codeOf(parseUpdateVolume(body, 71)), 'accepted', `update ${JSON.stringify(body)}`)
  }
  t.equal(codeOf(parseCreateVolume(undefined, 71)), 'malformed-body', 'no body')
})

t.test('a fault never repeats more than a piece of what was sent', async (t) => {
  const parsed = create({ size: 'x'.repeat(100_000) })
  t.ok(JSON.stringify(parsed).length < 500, 'the text that goes back is short')
})

t.test('an update changes only what it names', async (t) => {
  t.same(parseUpdateVolume({ volume: { name: 'new' } }, 71), { ok: true, value: { name: 'new' } })
  t.same(parseUpdateVolume({ volume: { description: null, metadata: {} } }, 71), { ok: true, value: { description: null, metadata: {} } })
  t.same(parseUpdateVolume({ volume: {} }, 52), { ok: true, value: {} })
  t.equal(codeOf(parseUpdateVolume({ volume: {} }, 53)), 'missing-key', 'from 3.53 it has to name something')
})

t.test('an action body has one key, and an unknown one is named in the refusal', async (t) => {
  t.same(parseVolumeAction({ 'os-extend': { new_size: 2 } }), { ok: true, value: { kind: 'extend', sizeGiB: 2 } })
  t.same(parseVolumeAction({ 'os-force_delete': null }), { ok: true, value: { kind: 'force-delete' } })
  t.same(parseVolumeAction({ revert: { snapshot_id: UUID.toUpperCase() } }), { ok: true, value: { kind: 'revert', snapshot: UUID } })
  for (const snapshot_id of ['latest', null, undefined]) t.match(parseVolumeAction({ revert: { snapshot_id } }), { ok: false })
  t.match(parseVolumeAction({ 'os-fly': {} }), { failure: { code: 'unknown-action', action: 'os-fly' } })
  t.equal(codeOf(parseVolumeAction({})), 'malformed-body')
  t.equal(codeOf(parseVolumeAction({ 'os-extend': { new_size: 2 }, 'os-force_delete': {} })), 'malformed-body')
})

t.test('an attachment takes a connector as os-brick sends it', async (t) => {
  const connector = {
    initiator: 'iqn.1993-08.org.debian:01:a1',
    host: 'compute1',
    ip: '192.0.2.9',
    multipath: 'True',
    platform: 'x86_64',
    os_type: 'linux',
    do_local_attach: false,
    mountpoint: '/dev/vdb',
  }
  t.same(parseCreateAttachment({ attachment: { volume_uuid: UUID.toUpperCase(), instance_uuid: UUID, connector } }, 71), {
    ok: true,
    value: {
      volume: UUID,
      instance: UUID,
      mode: 'rw',
      mountpoint: '/dev/vdb',
      connector: { initiator: connector.initiator, host: 'compute1', ip: '192.0.2.9', multipath: true, mountpoint: '/dev/vdb' },
    },
  })
  t.match(parseCreateAttachment({ attachment: { volume_uuid: UUID } }, 27), { value: { instance: null, connector: null, mode: 'rw' } })
  t.match(parseCreateAttachment({ attachment: { volume_uuid: UUID, connector: {} } }, 27), { value: { connector: null } })
  t.match(parseCreateAttachment({ attachment: { volume_uuid: UUID, mode: 'ro' } }, 54), { value: { mode: 'ro' } })
  t.match(
    parseCreateAttachment({ attachment: { volume_uuid: UUID, mode: 'ro' } }, 53),
    { value: { mode: 'rw' } },
    'the mode came with 3.54',
  )
  t.match(parseUpdateAttachment({ attachment: { connector } }), { value: { initiator: connector.initiator } })
  t.equal(codeOf(parseAttachmentAction({ 'os-complete': null })), 'accepted')
  t.equal(codeOf(parseAttachmentAction({ 'os-other': null })), 'unknown-action')
})

t.test('an initiator’s name that could be anything else is refused', async (t) => {
  for (const initiator of [
    '',
    'iqn',
    'iqn.1993-08.org.debian:01:a b',
    'iqn.1993-08.org.debian:01:a\nx',
    '$(reboot)',
    '-iqn.1993-08.org.debian:a',
    '../x',
    'iqn.1993-08.org.debian:'.padEnd(224, 'a'),
    null,
    7,
  ]) {
    t.not(
      codeOf(parseCreateAttachment({ attachment: { volume_uuid: UUID, connector: { initiator } } }, 71)),
      'accepted',
      `create ${initiator}`,
    )
    t.not(codeOf(parseUpdateAttachment({ attachment: { connector: { initiator } } })), 'accepted', `update ${initiator}`)
  }
  t.equal(codeOf(parseCreateAttachment({ attachment: { volume_uuid: 'x' } }, 71)), 'bad-value', 'volume id')
  t.equal(codeOf(parseCreateAttachment({ attachment: { volume_uuid: UUID, instance_uuid: 'x' } }, 71)), 'bad-value', 'instance id')
})

t.test('Scoria’s own bodies', async (t) => {
  t.same(parseExplain({ size: '2' }), { ok: true, value: { sizeGiB: 2, type: null, zone: null, rid: null, hints: NO_HINTS } })
  t.match(parseExplain({ size: 2, scheduler_hints: { same_host: UUID } }), { value: { hints: { sameHost: [UUID] } } })
  t.equal(codeOf(parseExplain({ size: 2, scheduler_hints: { same_host: 'db' } })), 'bad-value')
  t.equal(codeOf(parseExplain({ size: 0 })), 'bad-value')
  t.equal(codeOf(parseExplain({ size: 1, rid: 'x' })), 'bad-value')
  t.same(parseInvite(undefined), { ok: true, value: { ttlMs: 900_000 } })
  t.same(parseInvite({ ttl_seconds: 60 }), { ok: true, value: { ttlMs: 60_000 } })
  t.equal(codeOf(parseInvite({ ttl_seconds: 0 })), 'bad-value')
})
