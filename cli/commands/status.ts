/** `scoria status`: one screen that says whether the cluster is well, and the next command if it is not. */
import type { Command } from 'commander'
import { printOne } from '../output/print.ts'
import { table } from '../output/table.ts'
import { type Item, isItem, partOf, partsOf, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, withCommon, withExamples } from './context.ts'
import { byName, hostColumns } from './host.ts'

export function addStatus(program: Command, terminal: Terminal): void {
  const command = program
    .command('status')
    .description('is the cluster well?')
    .action(async (options: CommonOptions) => {
      const { client, output, paint } = await contextOf(options, terminal)
      const body = await client.call({ method: 'GET', path: '/scoria/v1/status' })
      const status: Item = isItem(body) ? body : {}
      const hosts = byName(partsOf(status, 'hosts'))
      printOne(terminal, output, body, textOf(status, 'cluster'), [
        ['cluster', textOf(status, 'cluster')],
        ['state', healthText(status, hosts)],
        ['asked', textOf(partOf(status, 'self'), 'name')],
        ['hosts', hostsText(hosts)],
        ['volumes', textOf(status, 'volumes')],
      ])
      if (output.format !== 'table' && output.format !== 'wide') return
      const columns = hostColumns(terminal.nowMs(), paint).filter((column) => output.format === 'wide' || column.wide !== true)
      terminal.out(`\n${table(columns, hosts)}`)
    })
  withCommon(command)
  withExamples(command, 'scoria status', 'scoria status -o json')
}

function healthText(status: Item, hosts: readonly Item[]): string {
  const joined = hosts.length
  if (status['forming'] === true)
    return `forming: ${joined} of ${textOf(status, 'expect')} founding hosts have joined, and no volume is made before all have; next: scoria invite`
  const down = hosts.filter((host) => !isUp(host) && !isLost(host)).map((host) => textOf(host, 'name'))
  const moving = status['stepPending'] === true ? ['accounts move after a change of the hosts; all agents have to run'] : []
  const problems = [...(down.length === 0 ? [] : [`not all hosts are up: ${down.join(', ')}`]), ...moving]
  return problems.length === 0 ? 'ok' : problems.join('; ')
}

function hostsText(hosts: readonly Item[]): string {
  const lost = hosts.filter(isLost).length
  return `${hosts.filter(isUp).length} of ${hosts.length - lost} up${lost === 0 ? '' : `, ${lost} lost`}`
}

function isLost(host: Item): boolean {
  return host['state'] === 'lost'
}

function isUp(host: Item): boolean {
  return host['state'] === 'up'
}
