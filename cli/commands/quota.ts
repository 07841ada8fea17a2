/** `scoria quota …`: what a project may have, and what it has. */
import { type Command, InvalidArgumentError } from 'commander'
import { usage } from '../failure.ts'
import { printList } from '../output/print.ts'
import { type Item, itemAt, numberOf, partOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'

interface SetOptions extends CommonOptions {
  readonly volumes?: number
  readonly snapshots?: number
  readonly gigabytes?: number
  readonly perVolumeGigabytes?: number
}

const NO_LIMIT = -1
/** What Scoria keeps account of; the rest of Cinder's set is there for its clients. */
const RESOURCES = ['volumes', 'snapshots', 'gigabytes', 'per_volume_gigabytes'] as const

export function addQuota(program: Command, terminal: Terminal): void {
  const quota = program.command('quota').description('limits of projects: show, set, unset')
  const show = quota
    .command('show')
    .description("show a project's limits and what it uses")
    .argument('[project]', 'its id; the one of --project if not given')
    .action(async (project: string | undefined, options: CommonOptions) => showQuota(await contextOf(options, terminal), project))
  withCommon(show)
  withExamples(show, 'scoria quota show', 'scoria quota show web -o json')

  const set = quota
    .command('set')
    .description("change a project's limits; what is not named stays")
    .argument('[project]', 'its id; the one of --project if not given')
    .option('--volumes <n>', 'how many volumes; none for no limit', limit)
    .option('--snapshots <n>', 'how many snapshots; none for no limit', limit)
    .option('--gigabytes <n>', 'GiB in all volumes and snapshots together; none for no limit', limit)
    .option('--per-volume-gigabytes <n>', 'GiB in one volume; none for no limit', limit)
    .action(async (project: string | undefined, options: SetOptions) => setQuota(project, options, terminal))
  withCommon(set)
  withExamples(set, 'scoria quota set web --volumes 100 --gigabytes 5000', 'scoria quota set web --gigabytes none')

  const unset = quota
    .command('unset')
    .description("take a project's limits back to the cluster's defaults")
    .argument('[project]', 'its id; the one of --project if not given')
    .action(async (project: string | undefined, options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      await context.client.call({ method: 'DELETE', path: quotaPath(context, project) })
      await showQuota(context, project)
    })
  withCommon(unset)
  withExamples(unset, 'scoria quota unset web', 'scoria quota unset')
}

async function setQuota(project: string | undefined, options: SetOptions, terminal: Terminal): Promise<void> {
  const { volumes, snapshots, gigabytes, perVolumeGigabytes } = options
  const limits = given({ volumes, snapshots, gigabytes, per_volume_gigabytes: perVolumeGigabytes })
  if (Object.keys(limits).length === 0)
    throw usage('nothing to set', 'say what: --volumes, --snapshots, --gigabytes, --per-volume-gigabytes')
  const context = await contextOf(options, terminal)
  await context.client.call({ method: 'PUT', path: quotaPath(context, project), body: { quota_set: limits } })
  await showQuota(context, project)
}

async function showQuota(context: Context, project: string | undefined): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: `${quotaPath(context, project)}?usage=true` })
  const set = itemAt(body, 'quota_set')
  const rows = RESOURCES.map((name) => ({ name, ...partOf(set, name) }))
  const columns = [
    { header: 'RESOURCE', cell: (row: Item) => String(row['name']) },
    { header: 'LIMIT', cell: (row: Item) => limitText(numberOf(row, 'limit')) },
    // How large the largest volume is concerns nobody.
    { header: 'USED', cell: (row: Item) => (row['name'] === 'per_volume_gigabytes' ? '' : String(numberOf(row, 'in_use') ?? '')) },
  ]
  printList(terminal, output, body, rows, columns, 'no quotas')
}

function quotaPath({ client, settings }: Context, project: string | undefined): string {
  const named = project ?? settings.project
  if (named === null) throw usage('which project the token is for is not known here', 'name it: scoria quota show PROJECT')
  return client.cinder(`/os-quota-sets/${encodeURIComponent(named)}`)
}

function limitText(value: number | null): string {
  if (value === null) return ''
  return value === NO_LIMIT ? 'none' : String(value)
}

function limit(text: string): number {
  if (text === 'none' || text === '-1') return NO_LIMIT
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('A limit is a whole number, or none.')
  return Number(text)
}
