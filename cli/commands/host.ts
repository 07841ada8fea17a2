/** `scoria host list`: the hosts of the cluster as the asked peer sees them. */
import type { Command } from 'commander'
import { compareText } from '../../lib/model/ids.ts'
import { type ListColumn, printList } from '../output/print.ts'
import { type Item, itemsAt, numberOf, partOf, partsOf, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { showAge } from '../units.ts'
import { contextOf, withCommon, withExamples } from './context.ts'

export function addHost(program: Command, terminal: Terminal): void {
  const host = program.command('host').description('hosts of the cluster')
  const command = host
    .command('list')
    .description('list hosts, their state and their pools')
    .action(async (options: CommonOptions) => {
      const { client, output, paint } = await contextOf(options, terminal)
      const body = await client.call({ method: 'GET', path: '/scoria/v1/hosts' })
      const columns = hostColumns(terminal.nowMs(), paint)
      printList(terminal, output, body, byName(itemsAt(body, 'hosts')), columns, 'no hosts')
    })
  withCommon(command)
  withExamples(command, 'scoria host list', 'scoria host list -o wide')
}

export function hostColumns(nowMs: number, paint: (status: string) => string): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: (row) => textOf(row, 'name') },
    { header: 'STATE', cell: (row) => paint(textOf(row, 'state')) },
    { header: 'ZONE', cell: (row) => textOf(row, 'zone') },
    { header: 'VOTER', cell: (row) => (row['voter'] === true ? 'yes' : 'no') },
    {
      header: 'POOLS',
      cell: (row) =>
        partsOf(partOf(row, 'beat'), 'pools')
          .map((pool) => textOf(pool, 'name'))
          .join(','),
    },
    // Registers that have still to move from this host after a change of the voters.
    { header: 'MOVING', cell: movingText },
    { header: 'API', cell: (row) => textOf(partOf(row, 'beat'), 'api'), wide: true },
    { header: 'VERSION', cell: (row) => textOf(partOf(row, 'beat'), 'version'), wide: true },
    { header: 'PEER', cell: (row) => textOf(row, 'peer'), wide: true },
    { header: 'HEARD', cell: (row) => heardText(row, nowMs) },
  ]
}

export function byName(rows: readonly Item[]): readonly Item[] {
  return rows.toSorted((a, b) => compareText(textOf(a, 'name'), textOf(b, 'name')))
}

function movingText(row: Item): string {
  const pending = numberOf(partOf(row, 'beat'), 'pending')
  return pending === null || pending === 0 || row['state'] === 'lost' ? '' : String(pending)
}

function heardText(row: Item, nowMs: number): string {
  const atMs = numberOf(row, 'lastBeatMs')
  return atMs === null ? '' : showAge(nowMs - atMs)
}
