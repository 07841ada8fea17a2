/** `scoria orphan list` and `adopt`: what lies on hosts and belongs to nobody, and giving it an owner again. Nothing is ever deleted. */
import type { Command } from 'commander'
import { type ListColumn, printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, numberOf, partOf, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { showAge } from '../units.ts'
import { contextOf, newKey, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilSettled } from './volume-wait.ts'

interface AdoptOptions extends CommonOptions, WaitOptions {
  readonly host: string
  readonly name?: string
  readonly idempotencyKey?: string
}

const GIB = 1024 ** 3

export function addOrphan(program: Command, terminal: Terminal): void {
  const orphan = program.command('orphan').description('what lies on hosts and belongs to nobody')
  addList(orphan, terminal)
  addAdopt(orphan, terminal)
}

function addList(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('list')
    .description('list what was set aside (quarantine) and exports without a record, on all hosts that answer')
    .option('--host <name>', 'on this host only')
    .action(async (options: CommonOptions & { readonly host?: string }) => {
      const { client, output } = await contextOf(options, terminal)
      const query = options.host === undefined ? '' : `?host=${encodeURIComponent(options.host)}`
      const body = await client.call({ method: 'GET', path: `/scoria/v1/orphans${query}` })
      printList(terminal, output, body, itemsAt(body, 'orphans'), orphanColumns(terminal.nowMs()), 'no orphans')
      // Said whatever is printed: a list that is not whole must not look like one that is.
      for (const host of itemsAt(body, 'unseen')) terminal.err(`not seen: host ${textOf(host, 'host')} (${textOf(host, 'reason')})\n`)
    })
  withCommon(command)
  withExamples(command, 'scoria orphan list', 'scoria orphan list --host b -o json')
}

function addAdopt(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('adopt')
    .description('make a volume of an orphan, for the project that it belonged to, or for --project')
    .argument('<name>', 'as in scoria orphan list')
    .requiredOption('--host <pool>', 'the pool that it lies in: host@backend#pool')
    .option('--name <name>', 'name of the volume')
    .option('--idempotency-key <key>', 'repeats of the same key make one volume (default: a new one)')
    .action(async (name: string, options: AdoptOptions) => adopt(name, options, terminal))
  withWait(withCommon(command), 'it is available or in error')
  withExamples(
    command,
    'scoria orphan adopt quarantine-volume-8d3f… --host b@lvm#vg0 --wait',
    'scoria orphan adopt quarantine-volume-8d3f… --host b@lvm#vg0 --project demo --name rescued',
  )
}

async function adopt(orphan: string, options: AdoptOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  const request = { pool: options.host, name: orphan, ...given({ project: options.project, volume_name: options.name }) }
  const idempotencyKey = options.idempotencyKey ?? newKey()
  let body = await client.call({ method: 'POST', path: '/scoria/v1/orphans/adopt', body: request, idempotencyKey })
  const begun = itemAt(body, 'volume')
  if (options.wait === true) body = { volume: await waitUntilSettled(context, textOf(begun, 'id'), volumeName(begun), options.timeout) }
  const made = itemAt(body, 'volume')
  printOne(terminal, output, body, textOf(made, 'id'), volumeFields(made))
}

function orphanColumns(nowMs: number): readonly ListColumn<Item>[] {
  return [
    { header: 'HOST', cell: (row) => textOf(row, 'host') },
    { header: 'KIND', cell: (row) => textOf(row, 'kind') },
    { header: 'NAME', cell: (row) => textOf(row, 'name') },
    { header: 'SIZE', cell: sizeText },
    { header: 'SINCE', cell: (row) => sinceText(row, nowMs) },
    { header: 'PROJECT', cell: (row) => textOf(partOf(row, 'was'), 'project') },
    { header: 'POOL', cell: (row) => textOf(row, 'pool') },
    { header: 'VOLUME', cell: (row) => textOf(partOf(row, 'was'), 'volume'), wide: true },
    { header: 'REQUEST', cell: (row) => textOf(partOf(row, 'was'), 'rid'), wide: true },
    { header: 'WHAT-TO-DO', cell: remedyText },
  ]
}

function sizeText(row: Item): string {
  const bytes = numberOf(row, 'size_bytes')
  return bytes === null ? '' : `${bytes / GIB}GiB`
}

function sinceText(row: Item, nowMs: number): string {
  const atMs = numberOf(row, 'since_ms')
  return atMs === null ? '' : showAge(nowMs - atMs)
}

function remedyText(row: Item): string {
  return textOf(row, 'reason') || `scoria orphan adopt ${textOf(row, 'name')} --host ${textOf(row, 'pool')}`
}
