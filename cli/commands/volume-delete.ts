/**
 * `scoria volume delete`: a verb that loses data.
 *
 * At a terminal the name has to be typed again; a script, which has no terminal, is taken at its word.
 */
import { type Command, Option } from 'commander'
import { textOf } from '../rest/body.ts'
import { findVolume } from '../rest/find.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { showSize } from '../units.ts'
import { askForName } from './ask-for-name.ts'
import { type Context, contextOf, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { volumeName } from './volume-rows.ts'
import { waitUntilGone } from './volume-wait.ts'

interface DeleteOptions extends CommonOptions, WaitOptions {
  readonly force?: boolean
  readonly cascade?: boolean
  readonly yes?: boolean
}

export function addVolumeDelete(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('delete')
    .description('delete volumes and all that is on them')
    .argument('<volumes...>', 'names or ids')
    .addOption(new Option('--force', 'whatever status it is in').conflicts('cascade'))
    .option('--cascade', 'its snapshots too')
    .option('--yes', 'do not ask for the name again')
    .action(async (names: readonly string[], options: DeleteOptions) => deleteAll(names, options, terminal))
  withWait(withCommon(command), 'it is gone')
  withExamples(command, 'scoria volume delete db --yes --wait', 'scoria volume delete db-1 db-2 --yes')
}

async function deleteAll(names: readonly string[], options: DeleteOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  await forEachNamed(terminal, names, 'volumes were not deleted', (name) => deleteOne(context, name, options))
}

async function deleteOne(context: Context, name: string, options: DeleteOptions): Promise<void> {
  const { client, terminal } = context
  const volume = await findVolume(client, name)
  if (options.yes !== true) {
    const size = showSize(Number(textOf(volume, 'size')))
    await askForName(
      terminal,
      volumeName(volume),
      (name) => `This deletes volume ${name} (${size}) and all that is on it${options.cascade === true ? ', and its snapshots' : ''}.`,
    )
  }
  const id = textOf(volume, 'id')
  const path = client.cinder(`/volumes/${id}`)
  if (options.force === true)
    await client.call({ method: 'POST', path: `${path}/action`, body: { 'os-force_delete': null }, isRemoval: true })
  else await client.call({ method: 'DELETE', path: options.cascade === true ? `${path}?cascade=true` : path })
  if (options.wait === true) await waitUntilGone(context, id, volumeName(volume), options.timeout)
  terminal.err(`volume ${volumeName(volume)} (${id}) ${options.wait === true ? 'is gone' : 'is being deleted'}\n`)
}
