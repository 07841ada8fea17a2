/** `scoria volume revert`: what was written since the snapshot is lost. */
import type { Command } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { printOne } from '../output/print.ts'
import { type Item, itemAt, textOf } from '../rest/body.ts'
import { findSnapshot, findVolume } from '../rest/find.ts'
import { listAll } from '../rest/pages.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { askForName } from './ask-for-name.ts'
import { type Context, contextOf, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { snapshotName } from './snapshot-rows.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilSettled } from './volume-wait.ts'

interface RevertOptions extends CommonOptions, WaitOptions {
  readonly snapshot?: string
  readonly yes?: boolean
}

export function addVolumeRevert(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('revert')
    .description('give a volume the bytes of its latest snapshot again; what was written since is lost')
    .argument('<volume>', 'name or id')
    .option('--snapshot <snapshot>', 'name or id of the snapshot that is meant; only the latest one will do')
    .option('--yes', 'do not ask for the name again')
    .action(async (name: string, options: RevertOptions) => revert(name, options, terminal))
  withWait(withCommon(command), 'it is reverted or in error')
  withExamples(command, 'scoria volume revert db --wait', 'scoria volume revert db --snapshot before-upgrade --yes')
}

async function revert(name: string, options: RevertOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  const volume = await findVolume(client, name)
  const snapshot = options.snapshot === undefined ? await latestOf(context, volume) : await findSnapshot(client, options.snapshot)
  if (options.yes !== true) {
    const since = `${snapshotName(snapshot)} (${textOf(snapshot, 'created_at')})`
    await askForName(terminal, volumeName(volume), (shown) => `This loses all that was written to volume ${shown} since snapshot ${since}.`)
  }
  const id = textOf(volume, 'id')
  const path = client.cinder(`/volumes/${id}`)
  await client.call({ method: 'POST', path: `${path}/action`, body: { revert: { snapshot_id: textOf(snapshot, 'id') } } })
  const body =
    options.wait === true
      ? { volume: await waitUntilSettled(context, id, volumeName(volume), options.timeout) }
      : await client.call({ method: 'GET', path })
  printOne(terminal, output, body, id, volumeFields(itemAt(body, 'volume')))
}

/** On their way out: what is reverted to is among the others. */
const LEAVING = new Set(['deleting', 'unmanaging'])

async function latestOf({ client }: Context, volume: Item): Promise<Item> {
  const all = await listAll(client, 'snapshots', new URLSearchParams({ volume_id: textOf(volume, 'id') }))
  const latest = all.find((snapshot) => !LEAVING.has(textOf(snapshot, 'status')))
  if (latest !== undefined) return latest
  throw new CliFailure(
    EXIT.conflict,
    `volume ${volumeName(volume)} has no snapshot to go back to`,
    'make one first: scoria snapshot create',
  )
}
