/** `scoria token …`: a token for other programs, and its end. */
import type { Command } from 'commander'
import { printOne } from '../output/print.ts'
import { itemAt, partOf, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, withCommon, withExamples } from './context.ts'
import { IDENTITY } from './identity-id.ts'

export function addToken(program: Command, terminal: Terminal): void {
  const token = program.command('token').description('tokens, where agents keep users themselves (auth builtin): issue, revoke')
  const issue = token
    .command('issue')
    .description('log in by OS_AUTH_URL and what belongs to it, and print the token')
    .action(async (options: CommonOptions) => {
      const { client, settings, output, terminal: out } = await contextOf(options, terminal)
      const text = settings.token.reveal()
      const body = await client.call({ method: 'GET', path: `${IDENTITY}/auth/tokens?nocatalog`, headers: { 'x-subject-token': text } })
      const known = itemAt(body, 'token')
      printOne(out, output, { ...(typeof body === 'object' ? body : {}), id: text }, text, [
        ['expires', textOf(known, 'expires_at')],
        ['id', text],
        ['project', textOf(partOf(known, 'project'), 'name')],
        ['user', textOf(partOf(known, 'user'), 'name')],
      ])
    })
  withCommon(issue)
  withExamples(issue, 'scoria token issue', 'scoria token issue -o value --columns id')

  const revoke = token
    .command('revoke')
    .description('end a token before its time')
    .argument('<token>', 'its text')
    .action(async (text: string, options: CommonOptions) => {
      const { client } = await contextOf(options, terminal)
      await client.call({ method: 'DELETE', path: `${IDENTITY}/auth/tokens`, headers: { 'x-subject-token': text } })
    })
  withCommon(revoke)
  withExamples(revoke, 'scoria token revoke "$OS_TOKEN"', 'scoria token revoke scoria_…')
}
