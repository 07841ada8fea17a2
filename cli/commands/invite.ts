/** `scoria invite`: a token for one new host, printed as the whole line to run there. */
import { type Command, Option } from 'commander'
import { printOne } from '../output/print.ts'
import { type Item, isItem, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, durationMs, withCommon, withExamples } from './context.ts'

const TTL_MS = 15 * 60_000

export function addInvite(program: Command, terminal: Terminal): void {
  const command = program
    .command('invite')
    .description('make a token that lets one host join; asks the host that ran init')
    .addOption(new Option('--ttl <duration>', 'how long it may be used').argParser(durationMs).default(TTL_MS, '15m'))
    .action(async (options: CommonOptions & { readonly ttl: number }) => {
      const { client, output } = await contextOf(options, terminal)
      const body = await client.call({
        method: 'POST',
        path: '/scoria/v1/invites',
        body: { ttl_seconds: Math.max(1, Math.round(options.ttl / 1000)) },
      })
      const invite: Item = isItem(body) ? body : {}
      const token = textOf(invite, 'token')
      if (output.format !== 'table')
        return printOne(terminal, output, body, token, [
          ['token', token],
          ['expires_at', textOf(invite, 'expires_at')],
        ])
      terminal.out(`scoria join ${token} --name HOST --listen IP:8777 --path DIR --portal IP:3260\n`)
      terminal.err(
        `Run that on the new host before ${textOf(invite, 'expires_at')}; it works once. HOST is its name, IP its address, DIR a folder for volumes.\n`,
      )
      return undefined
    })
  withCommon(command)
  withExamples(command, 'scoria invite', 'scoria invite --ttl 2h -o value --columns token')
}
