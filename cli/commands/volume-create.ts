/** `scoria volume create`: always with an idempotency key, so that it can be repeated until somebody answers. */
import { type Command, Option } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findGroup, findSnapshot, findVolume } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, newKey, property, sizeGiB, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { explainPlacement } from './explain.ts'
import { hint, HINT_HELP, type Hints } from './hint.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilSettled } from './volume-wait.ts'

interface CreateOptions extends CommonOptions, WaitOptions {
  readonly size?: number
  readonly snapshot?: string
  readonly source?: string
  readonly type?: string
  readonly zone?: string
  readonly group?: string
  readonly hint?: Hints
  readonly description?: string
  readonly property?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
  readonly dryRun?: boolean
}

export function addVolumeCreate(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('create')
    .description('make a volume')
    .argument('[name]', 'name of the volume; need not be unique')
    .option('--size <size>', 'whole GiB: 10, 10GiB, 1T; of a copy, its source’s if not given', sizeGiB)
    .addOption(new Option('--snapshot <snapshot>', 'begin as a copy of this snapshot, by id or name').conflicts('source'))
    .option('--source <volume>', 'begin as a copy of this volume, by id or name')
    .option('--type <type>', 'volume type')
    .option('--zone <zone>', 'availability zone; any if not given')
    .option('--group <group>', 'put it into this group, by id or name; it lies where the group lies')
    .option('--hint <key=value>', HINT_HELP, hint)
    .option('--description <text>', 'a note for people')
    .option('--property <key=value>', 'metadata, repeatable', property)
    .option('--idempotency-key <key>', 'repeats of the same key make one volume (default: a new one)')
    .option('--dry-run', 'rank the pools, print the ranking, make nothing')
    .action(async (name: string | undefined, options: CreateOptions) => create(name, options, terminal))
  withWait(withCommon(command), 'it is available or in error')
  withExamples(
    command,
    'scoria volume create db --size 10GiB --wait',
    'scoria volume create db --size 10 --type fast --zone b -o json',
    'scoria volume create db-2 --size 10GiB --hint different_host=6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001',
    'scoria volume create db-copy --snapshot before-the-upgrade --wait',
  )
}

async function create(name: string | undefined, options: CreateOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  const { size, type, zone, description, property: metadata } = options
  const isCopy = options.snapshot !== undefined || options.source !== undefined
  if (size === undefined && !isCopy)
    throw new CliFailure(EXIT.usage, '--size is missing', 'say how large, in GiB; only a copy (--snapshot, --source) has a size by itself')
  if (options.dryRun === true) {
    if (size === undefined || isCopy || options.group !== undefined)
      throw new CliFailure(
        EXIT.usage,
        '--dry-run ranks pools, and a copy lies on that of its source, what is in a group on that of the group',
      )
    return explainPlacement(context, { ...options, size })
  }
  const snapshot = options.snapshot === undefined ? undefined : textOf(await findSnapshot(client, options.snapshot), 'id')
  const source = options.source === undefined ? undefined : textOf(await findVolume(client, options.source), 'id')
  const group = options.group === undefined ? undefined : textOf(await findGroup(client, options.group), 'id')
  const facts = given({
    name,
    group_id: group,
    snapshot_id: snapshot,
    source_volid: source,
    volume_type: type,
    availability_zone: zone,
    description,
    metadata,
  })
  // Cinder's clients always name the size; null is that of the source.
  const volume = { ...facts, size: size ?? null }
  const path = client.cinder('/volumes')
  const request = given({ volume, 'OS-SCH-HNT:scheduler_hints': options.hint })
  let body = await client.call({ method: 'POST', path, body: request, idempotencyKey: options.idempotencyKey ?? newKey() })
  if (options.wait === true) {
    const made = itemAt(body, 'volume')
    body = { volume: await waitUntilSettled(context, textOf(made, 'id'), volumeName(made), options.timeout) }
  }
  const made = itemAt(body, 'volume')
  printOne(terminal, output, body, textOf(made, 'id'), volumeFields(made))
}
