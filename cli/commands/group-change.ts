/** `scoria group create`, `set` and `delete`. A create carries an idempotency key, so that it can be repeated until somebody answers. */
import { type Command, Option } from 'commander'
import { usage } from '../failure.ts'
import { printOne } from '../output/print.ts'
import { type Item, itemAt, textOf } from '../rest/body.ts'
import { findGroup, findGroupSnapshot, findVolume } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { collect, type Context, contextOf, newKey, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { groupFields, groupName, groupPath, waitForRest } from './group-rows.ts'

interface CreateOptions extends CommonOptions, WaitOptions {
  readonly groupType?: string
  readonly volumeType?: readonly string[]
  readonly sourceGroup?: string
  readonly groupSnapshot?: string
  readonly description?: string
  readonly zone?: string
  readonly idempotencyKey?: string
}

interface SetOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly addVolume?: readonly string[]
  readonly removeVolume?: readonly string[]
  readonly state?: string
}

interface DeleteOptions extends CommonOptions, WaitOptions {
  readonly force?: boolean
}

export function addGroupCreate(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('create')
    .description('make a group; volumes are put into it when they are made, or later')
    .argument('[name]', 'name of the group; need not be unique')
    .option('--group-type <type>', 'name or id of its group type')
    .option('--volume-type <type>', 'name or id of a volume type that its volumes may have, repeatable', collect)
    .addOption(
      new Option('--source-group <group>', 'begin with a copy of each volume of this group').conflicts(['groupType', 'volumeType']),
    )
    .addOption(
      new Option('--group-snapshot <snapshot>', 'begin with a copy of each part of this group snapshot').conflicts([
        'groupType',
        'volumeType',
        'sourceGroup',
      ]),
    )
    .option('--zone <zone>', 'availability zone; any if not given')
    .option('--description <text>', 'a note for people')
    .option('--idempotency-key <key>', 'repeats of the same key make one group (default: a new one)')
    .action(async (name: string | undefined, options: CreateOptions) => create(await contextOf(options, terminal), name, options))
  withWait(withCommon(command), 'it is available or in error')
  withExamples(
    command,
    'scoria group create shop --group-type consistent --volume-type fast',
    'scoria volume create db --size 10GiB --type fast --group shop',
    'scoria group create shop-again --group-snapshot before --wait',
  )
}

export function addGroupSet(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('set')
    .description('change name or description, and which volumes are in it; for administrators also the status')
    .argument('<group>', 'name or id')
    .option('--name <name>', 'another name')
    .option('--description <text>', 'a note for people')
    .option('--add-volume <volume>', 'put this volume in, by name or id, repeatable; it has to lie on the backend of the group', collect)
    .option('--remove-volume <volume>', 'take this volume out, by name or id, repeatable', collect)
    .addOption(new Option('--state <state>', 'say that it is so, and do nothing with the group').choices(['available', 'error']))
    .action(async (name: string, options: SetOptions) => set(await contextOf(options, terminal), name, options))
  withCommon(command)
  withExamples(
    command,
    'scoria group set shop --add-volume db --add-volume logs',
    'scoria group set shop --remove-volume db',
    'scoria group set shop --name store',
  )
}

export function addGroupDelete(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('delete')
    .description('delete groups')
    .argument('<groups...>', 'names or ids')
    .option('--force', 'also if volumes are in it: they are deleted with it')
    .action(async (names: readonly string[], options: DeleteOptions) => remove(await contextOf(options, terminal), names, options))
  withWait(withCommon(command), 'it is gone')
  withExamples(command, 'scoria group delete shop', 'scoria group delete shop --force --wait')
}

async function create(context: Context, name: string | undefined, options: CreateOptions): Promise<void> {
  const { client, output, terminal } = context
  const { path, body } = await requestFor(context, name, options)
  const made = itemAt(await client.call({ method: 'POST', path, body, idempotencyKey: options.idempotencyKey ?? newKey() }), 'group')
  const id = textOf(made, 'id')
  const rested =
    options.wait === true
      ? await waitForRest(context, { path: groupPath(context, id), key: 'group', shownAs: groupName(made) }, options.timeout)
      : null
  const shown: Item = rested ?? itemAt(await client.call({ method: 'GET', path: groupPath(context, id) }), 'group')
  printOne(terminal, output, { group: shown }, id, groupFields(shown))
}

async function requestFor(
  { client }: Context,
  name: string | undefined,
  options: CreateOptions,
): Promise<{ readonly path: string; readonly body: Item }> {
  const { sourceGroup, groupSnapshot, groupType, volumeType = [], description, zone } = options
  if (sourceGroup !== undefined || groupSnapshot !== undefined) {
    const source =
      sourceGroup === undefined
        ? { group_snapshot_id: textOf(await findGroupSnapshot(client, groupSnapshot ?? ''), 'id') }
        : { source_group_id: textOf(await findGroup(client, sourceGroup), 'id') }
    return { path: client.cinder('/groups/action'), body: { 'create-from-src': given({ name, description, ...source }) } }
  }
  if (groupType === undefined || volumeType.length === 0)
    throw usage('--group-type or --volume-type is missing', 'say both; only a copy (--source-group, --group-snapshot) has them by itself')
  const group = given({ name, description, group_type: groupType, volume_types: volumeType, availability_zone: zone })
  return { path: client.cinder('/groups'), body: { group } }
}

async function set(context: Context, name: string, options: SetOptions): Promise<void> {
  const { client, output, terminal } = context
  const { state, addVolume = [], removeVolume = [] } = options
  const idsOf = async (names: readonly string[]): Promise<string | undefined> => {
    const ids: string[] = []
    for (const volume of names) ids.push(textOf(await findVolume(client, volume), 'id'))
    return ids.length === 0 ? undefined : ids.join(',')
  }
  const id = textOf(await findGroup(client, name), 'id')
  const path = client.cinder(`/groups/${id}`)
  const changes = given({
    name: options.name,
    description: options.description,
    add_volumes: await idsOf(addVolume),
    remove_volumes: await idsOf(removeVolume),
  })
  if (state === undefined && Object.keys(changes).length === 0)
    throw usage('nothing to set', 'say what: --name, --description, --add-volume, --remove-volume, --state')
  if (state !== undefined) await client.call({ method: 'POST', path: `${path}/action`, body: { reset_status: { status: state } } })
  if (Object.keys(changes).length > 0) await client.call({ method: 'PUT', path, body: { group: changes } })
  const body = await client.call({ method: 'GET', path: groupPath(context, id) })
  printOne(terminal, output, body, id, groupFields(itemAt(body, 'group')))
}

async function remove(context: Context, names: readonly string[], { force, wait, timeout }: DeleteOptions): Promise<void> {
  const { client, terminal } = context
  await forEachNamed(terminal, names, 'groups were not deleted', async (name) => {
    const group = await findGroup(client, name)
    const id = textOf(group, 'id')
    const body = { delete: { 'delete-volumes': force === true } }
    await client.call({ method: 'POST', path: client.cinder(`/groups/${id}/action`), body })
    if (wait === true) await waitForRest(context, { path: groupPath(context, id), key: 'group', shownAs: groupName(group) }, timeout)
    terminal.err(`group ${groupName(group)} (${id}) ${wait === true ? 'is gone' : 'is being deleted'}\n`)
  })
}
