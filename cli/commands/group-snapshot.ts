/** `scoria group snapshot …`: snapshots of all volumes of a group together. */
import { type Command, Option } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findGroup, findGroupSnapshot } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import { listAll } from '../rest/pages.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, newKey, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { groupName, groupSnapshotColumns, groupSnapshotFields, waitForRest } from './group-rows.ts'

interface CreateOptions extends CommonOptions, WaitOptions {
  readonly name?: string
  readonly description?: string
  readonly idempotencyKey?: string
}

interface ListOptions extends CommonOptions {
  readonly allProjects?: boolean
}

interface SetOptions extends CommonOptions {
  readonly state: string
}

export function addGroupSnapshot(group: Command, terminal: Terminal): void {
  const snapshot = group.command('snapshot').description('snapshots of whole groups: create, list, show, set, delete')
  addCreate(snapshot, terminal)
  addReads(snapshot, terminal)
  addChanges(snapshot, terminal)
}

function addCreate(snapshot: Command, terminal: Terminal): void {
  const create = snapshot
    .command('create')
    .description('make a snapshot of every volume of a group, also of those in use')
    .argument('<group>', 'name or id')
    .option('--name <name>', 'name of the group snapshot; need not be unique')
    .option('--description <text>', 'a note for people')
    .option('--idempotency-key <key>', 'repeats of the same key make one group snapshot (default: a new one)')
    .action(async (name: string, options: CreateOptions) => take(await contextOf(options, terminal), name, options))
  withWait(withCommon(create), 'it is available or in error')
  withExamples(create, 'scoria group snapshot create shop --name before --wait', 'scoria group snapshot create shop -o json')
}

function addReads(snapshot: Command, terminal: Terminal): void {
  const list = snapshot
    .command('list')
    .description('list group snapshots, newest first')
    .option('--all-projects', 'of every project')
    .action(async (options: ListOptions) => {
      const { client, output, paint } = await contextOf(options, terminal)
      const filters = new URLSearchParams(options.allProjects === true ? { all_tenants: '1' } : {})
      const found = await listAll(client, 'group_snapshots', filters)
      printList(terminal, output, { group_snapshots: found }, found, groupSnapshotColumns(terminal.nowMs(), paint), 'no group snapshots')
    })
  withCommon(list)
  withExamples(list, 'scoria group snapshot list', 'scoria group snapshot list --all-projects')

  const show = snapshot
    .command('show')
    .description('show a group snapshot')
    .argument('<group-snapshot>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const found = await findGroupSnapshot(client, name)
      printOne(terminal, output, { group_snapshot: found }, textOf(found, 'id'), groupSnapshotFields(found))
    })
  withCommon(show)
  withExamples(show, 'scoria group snapshot show before', 'scoria group snapshot show before -o yaml')
}

function addChanges(snapshot: Command, terminal: Terminal): void {
  const set = snapshot
    .command('set')
    .description('for administrators: say the status of a group snapshot')
    .argument('<group-snapshot>', 'name or id')
    .addOption(
      new Option('--state <state>', 'say that it is so, and do nothing with the group snapshot')
        .choices(['available', 'error'])
        .makeOptionMandatory(),
    )
    .action(async (name: string, options: SetOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const id = textOf(await findGroupSnapshot(client, name), 'id')
      const path = client.cinder(`/group_snapshots/${id}`)
      await client.call({ method: 'POST', path: `${path}/action`, body: { reset_status: { status: options.state } } })
      const body = await client.call({ method: 'GET', path })
      printOne(terminal, output, body, id, groupSnapshotFields(itemAt(body, 'group_snapshot')))
    })
  withCommon(set)
  withExamples(set, 'scoria group snapshot set before --state available', 'scoria group snapshot set before --state error')

  const remove = snapshot
    .command('delete')
    .description('delete group snapshots, with all their parts')
    .argument('<group-snapshots...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions & WaitOptions) =>
      removeSnapshots(await contextOf(options, terminal), names, options),
    )
  withWait(withCommon(remove), 'it is gone')
  withExamples(remove, 'scoria group snapshot delete before --wait', 'scoria group snapshot delete monday tuesday')
}

async function take(context: Context, name: string, options: CreateOptions): Promise<void> {
  const { client, output, terminal } = context
  const group = textOf(await findGroup(client, name), 'id')
  const wanted = given({ group_id: group, name: options.name, description: options.description })
  const idempotencyKey = options.idempotencyKey ?? newKey()
  const path = client.cinder('/group_snapshots')
  const made = itemAt(await client.call({ method: 'POST', path, body: { group_snapshot: wanted }, idempotencyKey }), 'group_snapshot')
  const id = textOf(made, 'id')
  const own = client.cinder(`/group_snapshots/${id}`)
  const rested =
    options.wait === true
      ? await waitForRest(context, { path: own, key: 'group_snapshot', shownAs: groupName(made) }, options.timeout)
      : null
  const shown = rested ?? itemAt(await client.call({ method: 'GET', path: own }), 'group_snapshot')
  printOne(terminal, output, { group_snapshot: shown }, id, groupSnapshotFields(shown))
}

async function removeSnapshots(context: Context, names: readonly string[], { wait, timeout }: WaitOptions): Promise<void> {
  const { client, terminal } = context
  await forEachNamed(terminal, names, 'group snapshots were not deleted', async (name) => {
    const snapshot = await findGroupSnapshot(client, name)
    const id = textOf(snapshot, 'id')
    const path = client.cinder(`/group_snapshots/${id}`)
    await client.call({ method: 'DELETE', path })
    if (wait === true) await waitForRest(context, { path, key: 'group_snapshot', shownAs: groupName(snapshot) }, timeout)
    terminal.err(`group snapshot ${groupName(snapshot)} (${id}) ${wait === true ? 'is gone' : 'is being deleted'}\n`)
  })
}
