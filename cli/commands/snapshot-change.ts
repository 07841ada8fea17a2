/** `scoria snapshot create`, `set` and `delete`. A create carries an idempotency key, so that it can be repeated until somebody answers. */
import { type Command, Option } from 'commander'
import { usage } from '../failure.ts'
import { printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findSnapshot, findVolume } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, newKey, property, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { snapshotFields, snapshotName, waitForSnapshot } from './snapshot-rows.ts'
import { changeTexts, demandTexts, type TextOptions, withTexts } from './text-changes.ts'

interface CreateOptions extends CommonOptions, WaitOptions {
  readonly description?: string
  readonly property?: Readonly<Record<string, string>>
  readonly volume: string
  readonly force?: boolean
  readonly idempotencyKey?: string
}

interface SetOptions extends TextOptions {
  readonly state?: string
}

/** In which a snapshot can rest; others the API refuses. */
const STATES = ['available', 'error', 'error_deleting']

export function addSnapshotCreate(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('create')
    .description('make a snapshot of a volume')
    .argument('[name]', 'name of the snapshot; need not be unique')
    .requiredOption('--volume <volume>', 'name or id of the volume')
    .option('--force', 'also of a volume that is in use')
    .option('--description <text>', 'a note for people')
    .option('--property <key=value>', 'metadata, repeatable', property)
    .option('--idempotency-key <key>', 'repeats of the same key make one snapshot (default: a new one)')
    .action(async (name: string | undefined, options: CreateOptions) => create(name, options, terminal))
  withWait(withCommon(command), 'it is available or in error')
  withExamples(command, 'scoria snapshot create before --volume db --wait', 'scoria snapshot create --volume db --force')
}

export function addSnapshotSet(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('set')
    .description('change name, description or properties; for administrators also the status')
    .argument('<snapshot>', 'name or id')
  withTexts(command)
    .addOption(new Option('--state <state>', 'say that it is so, and do nothing with the snapshot').choices(STATES))
    .action(async (name: string, options: SetOptions) => set(name, options, terminal))
  withCommon(command)
  withExamples(
    command,
    'scoria snapshot set before --name before-upgrade',
    'scoria snapshot set before --property keep=yes',
    'scoria snapshot set before --state available',
  )
}

export function addSnapshotDelete(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('delete')
    .description('delete snapshots; their volumes stay as they are')
    .argument('<snapshots...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions & WaitOptions) => remove(names, options, terminal))
  withWait(withCommon(command), 'it is gone')
  withExamples(command, 'scoria snapshot delete before --wait', 'scoria snapshot delete monday tuesday')
}

async function create(name: string | undefined, options: CreateOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  // The client speaks a version in which a volume in use is taken without force, so that it has to look itself.
  const volume = await findVolume(client, options.volume)
  if (options.force !== true && textOf(volume, 'status') === 'in-use')
    throw usage(
      `volume ${options.volume} is in use`,
      'a snapshot has what was written by then, as after a power cut: add --force if that will do',
    )
  const snapshot = given({ volume_id: textOf(volume, 'id'), name, description: options.description, metadata: options.property })
  const key = options.idempotencyKey ?? newKey()
  let body = await client.call({ method: 'POST', path: client.cinder('/snapshots'), body: { snapshot }, idempotencyKey: key })
  const made = itemAt(body, 'snapshot')
  if (options.wait === true)
    body = { snapshot: (await waitForSnapshot(context, textOf(made, 'id'), snapshotName(made), options.timeout)) ?? made }
  printOne(terminal, output, body, textOf(made, 'id'), snapshotFields(itemAt(body, 'snapshot')))
}

async function set(name: string, options: SetOptions, terminal: Terminal): Promise<void> {
  const { state } = options
  if (state === undefined) demandTexts(options, '--state')
  const { client, output } = await contextOf(options, terminal)
  const id = textOf(await findSnapshot(client, name), 'id')
  const path = client.cinder(`/snapshots/${id}`)
  if (state !== undefined) await client.call({ method: 'POST', path: `${path}/action`, body: { 'os-reset_status': { status: state } } })
  const body = await changeTexts(client, 'snapshot', path, options)
  printOne(terminal, output, body, id, snapshotFields(itemAt(body, 'snapshot')))
}

async function remove(names: readonly string[], options: CommonOptions & WaitOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client } = context
  await forEachNamed(terminal, names, 'snapshots were not deleted', async (name) => {
    const snapshot = await findSnapshot(client, name)
    const id = textOf(snapshot, 'id')
    await client.call({ method: 'DELETE', path: client.cinder(`/snapshots/${id}`) })
    if (options.wait === true) await waitForSnapshot(context, id, snapshotName(snapshot), options.timeout)
    terminal.err(`snapshot ${snapshotName(snapshot)} (${id}) ${options.wait === true ? 'is gone' : 'is being deleted'}\n`)
  })
}
