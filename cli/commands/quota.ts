/** `scoria quota …`: what a project may have, and what it has; and what a class of quotas says, above all the default one. */
import { type Command, InvalidArgumentError } from 'commander'
import { usage } from '../failure.ts'
import { type ListColumn, printList } from '../output/print.ts'
import { type Item, itemAt, numberOf, partOf, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { typePath } from './type-id.ts'

interface ShowOptions extends CommonOptions {
  readonly class?: boolean
}

interface SetOptions extends ShowOptions {
  readonly volumes?: number
  readonly snapshots?: number
  readonly gigabytes?: number
  readonly perVolumeGigabytes?: number
  readonly groups?: number
  readonly volumeType?: string
}

const NO_LIMIT = -1
const DEFAULT_CLASS = 'default'
const CLASS = 'the name is that of a class; the one called default counts for projects without limits of their own'
/** What Scoria keeps account of; the rest of Cinder's set is there for its clients. */
const RESOURCES = ['volumes', 'snapshots', 'gigabytes', 'per_volume_gigabytes', 'groups'] as const
const OF_TYPE = /^(volumes|snapshots|gigabytes)_/

export function addQuota(program: Command, terminal: Terminal): void {
  const quota = program.command('quota').description('limits of projects: show, set, unset')
  const show = quota
    .command('show')
    .description("show a project's limits and what it uses, or a class's limits")
    .argument('[name]', 'id of the project; the one of --project if not given')
    .option('--class', CLASS)
    .action(async (name: string | undefined, options: ShowOptions) => {
      const context = await contextOf(options, terminal)
      await (options.class === true ? showClass(context, name) : showQuota(context, name))
    })
  withCommon(show)
  withExamples(show, 'scoria quota show', 'scoria quota show web -o json', 'scoria quota show --class default')

  const set = quota
    .command('set')
    .description("change a project's limits, or a class's; what is not named stays")
    .argument('[name]', 'id of the project; the one of --project if not given')
    .option('--class', CLASS)
    .option('--volumes <n>', 'how many volumes; none for no limit', limit)
    .option('--snapshots <n>', 'how many snapshots; none for no limit', limit)
    .option('--gigabytes <n>', 'GiB in all volumes and snapshots together; none for no limit', limit)
    .option('--per-volume-gigabytes <n>', 'GiB in one volume; none for no limit', limit)
    .option('--groups <n>', 'how many groups of volumes; none for no limit', limit)
    .option('--volume-type <type>', 'of volumes of this type (name or id) and their snapshots: --volumes, --snapshots, --gigabytes')
    .action(async (name: string | undefined, options: SetOptions) => setQuota(name, options, terminal))
  withCommon(set)
  withExamples(
    set,
    'scoria quota set web --volumes 100 --gigabytes 5000',
    'scoria quota set web --gigabytes none',
    'scoria quota set --class default --volumes 50',
    'scoria quota set web --volume-type fast --volumes 10',
  )

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

async function setQuota(name: string | undefined, options: SetOptions, terminal: Terminal): Promise<void> {
  const wanted = limitsIn(options)
  if (Object.keys(wanted).length === 0)
    throw usage('nothing to set', 'say what: --volumes, --snapshots, --gigabytes, --per-volume-gigabytes, --groups')
  const context = await contextOf(options, terminal)
  const limits = options.volumeType === undefined ? wanted : ofType(wanted, await typeName(context, options.volumeType))
  if (options.class === true) {
    await context.client.call({ method: 'PUT', path: classPath(context, name), body: { quota_class_set: limits } })
    return showClass(context, name)
  }
  await context.client.call({ method: 'PUT', path: quotaPath(context, name), body: { quota_set: limits } })
  await showQuota(context, name)
}

/** Named as in Cinder's quota set. */
function limitsIn({
  volumes,
  snapshots,
  gigabytes,
  perVolumeGigabytes,
  groups,
  volumeType,
}: SetOptions): Readonly<Record<string, unknown>> {
  if (volumeType === undefined) return given({ volumes, snapshots, gigabytes, per_volume_gigabytes: perVolumeGigabytes, groups })
  if (perVolumeGigabytes !== undefined || groups !== undefined)
    throw usage('a volume type has no such limit of its own', 'with --volume-type go --volumes, --snapshots, --gigabytes')
  return given({ volumes, snapshots, gigabytes })
}

function ofType(limits: Readonly<Record<string, unknown>>, type: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(limits).map(([resource, value]) => [`${resource}_${type}`, value]))
}

/** Cinder's set knows types by their names alone, and of a name that no type has it says that the key is unknown. */
async function typeName(context: Context, nameOrId: string): Promise<string> {
  return textOf(itemAt(await context.client.call({ method: 'GET', path: typePath(context, nameOrId) }), 'volume_type'), 'name')
}

async function showQuota(context: Context, project: string | undefined): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: `${quotaPath(context, project)}?usage=true` })
  const set = itemAt(body, 'quota_set')
  // Of most types there is nothing to say.
  const isTold = (name: string): boolean => numberOf(partOf(set, name), 'limit') !== NO_LIMIT || numberOf(partOf(set, name), 'in_use') !== 0
  const rows = [...RESOURCES, ...typeKeysIn(set).filter(isTold)].map((name) => ({ name, ...partOf(set, name) }))
  const columns = [
    ...LIMIT_COLUMNS,
    // How large the largest volume is concerns nobody.
    { header: 'USED', cell: (row: Item) => (row['name'] === 'per_volume_gigabytes' ? '' : String(numberOf(row, 'in_use') ?? '')) },
  ]
  printList(terminal, output, body, rows, columns, 'no quotas')
}

async function showClass(context: Context, name: string | undefined): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: classPath(context, name) })
  const set = itemAt(body, 'quota_class_set')
  const isTold = (name: string): boolean => numberOf(set, name) !== NO_LIMIT
  const rows = [...RESOURCES, ...typeKeysIn(set).filter(isTold)].map((name) => ({ name, limit: numberOf(set, name) }))
  printList(terminal, output, body, rows, LIMIT_COLUMNS, 'no quotas')
}

function typeKeysIn(set: Item): readonly string[] {
  return Object.keys(set).filter((name) => OF_TYPE.test(name))
}

const LIMIT_COLUMNS: readonly ListColumn<Item>[] = [
  { header: 'RESOURCE', cell: (row) => String(row['name']) },
  { header: 'LIMIT', cell: (row) => limitText(numberOf(row, 'limit')) },
]

function quotaPath({ client, settings }: Context, project: string | undefined): string {
  const named = project ?? settings.project
  if (named === null) throw usage('which project the token is for is not known here', 'name it: scoria quota show PROJECT')
  return client.cinder(`/os-quota-sets/${encodeURIComponent(named)}`)
}

function classPath({ client }: Context, name = DEFAULT_CLASS): string {
  return client.cinder(`/os-quota-class-sets/${encodeURIComponent(name)}`)
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
