/** `scoria application credential …`: a way in for a program, for one project, that can be taken back alone. */
import { type Command, Option } from 'commander'
import { ROLES } from '../../lib/model/identity.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, partOf, partsOf, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { collect, type Context, contextOf, withCommon, withExamples } from './context.ts'
import { IDENTITY } from './identity-id.ts'

interface CredentialOptions extends CommonOptions {
  readonly description?: string
  readonly role?: readonly string[]
  readonly expiration?: string
}

export function addApplicationCredential(program: Command, terminal: Terminal): void {
  const credential = program
    .command('application')
    .description('ways in for programs (auth builtin): credential create, list, delete')
    .command('credential')
    .description('of your own, for the project that you are logged in for: create, list, delete')
  const create = credential
    .command('create')
    .description('make one; its secret is told once')
    .argument('<name>', 'no other of yours may have it')
    .option('--description <text>', 'what for')
    .addOption(new Option('--role <role>', 'what it may do; may be repeated (default: all that you may)').argParser(oneRole))
    .option('--expiration <date>', 'when it ends, such as 2030-01-31T12:00:00 (UTC); without it never')
    .action(async (name: string, options: CredentialOptions) => createCredential(name, options, await contextOf(options, terminal)))
  withCommon(create)
  withExamples(
    create,
    'scoria application credential create ci --role member',
    'scoria application credential create backup --role reader --expiration 2030-01-31T00:00:00',
  )

  const list = credential
    .command('list')
    .description('list yours')
    .action(async (options: CommonOptions) => listCredentials(await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria application credential list', 'scoria application credential list -o json')

  const remove = credential
    .command('delete')
    .description('take them back; tokens that came from them end')
    .argument('<credentials...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      for (const name of names) await removeCredential(context, name)
    })
  withCommon(remove)
  withExamples(remove, 'scoria application credential delete ci', 'scoria application credential delete ci backup')
}

function oneRole(text: string, before: readonly string[] = []): readonly string[] {
  if (!ROLES.some((role) => role === text)) throw new CliFailure(EXIT.usage, `${text} is no role`, `there are: ${ROLES.join(', ')}`)
  return collect(text, before)
}

/** Of whoever is logged in. */
async function pathOf({ client, settings }: Context): Promise<string> {
  const headers = { 'x-subject-token': settings.token.reveal() }
  const body = await client.call({ method: 'GET', path: `${IDENTITY}/auth/tokens?nocatalog`, headers })
  return `${IDENTITY}/users/${textOf(partOf(itemAt(body, 'token'), 'user'), 'id')}/application_credentials`
}

async function createCredential(name: string, options: CredentialOptions, context: Context): Promise<void> {
  const { client, output, terminal } = context
  const wanted = given({
    name,
    description: options.description,
    expires_at: options.expiration,
    roles: options.role?.map((role) => ({ name: role })),
  })
  const body = await client.call({ method: 'POST', path: await pathOf(context), body: { application_credential: wanted } })
  const made = itemAt(body, 'application_credential')
  printOne(terminal, output, body, textOf(made, 'id'), [
    ['id', textOf(made, 'id')],
    ['name', textOf(made, 'name')],
    ['secret', textOf(made, 'secret')],
    ['roles', rolesOf(made)],
    ['expires', textOf(made, 'expires_at')],
  ])
}

async function listCredentials(context: Context): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: await pathOf(context) })
  const columns = [
    { header: 'NAME', cell: (one: Item) => textOf(one, 'name') },
    { header: 'ROLES', cell: rolesOf },
    { header: 'EXPIRES', cell: (one: Item) => textOf(one, 'expires_at') },
    { header: 'PROJECT', cell: (one: Item) => textOf(one, 'project_id'), wide: true as const },
    { header: 'ID', cell: (one: Item) => textOf(one, 'id') },
  ]
  printList(terminal, output, body, itemsAt(body, 'application_credentials'), columns, 'no application credentials')
}

async function removeCredential(context: Context, nameOrId: string): Promise<void> {
  const path = await pathOf(context)
  const mine = itemsAt(await context.client.call({ method: 'GET', path }), 'application_credentials')
  const found = mine.find((one) => textOf(one, 'name') === nameOrId) ?? mine.find((one) => textOf(one, 'id') === nameOrId)
  if (found === undefined)
    throw new CliFailure(
      EXIT.notFound,
      `no application credential of yours is called ${nameOrId}`,
      'scoria application credential list shows them',
    )
  await context.client.call({ method: 'DELETE', path: `${path}/${textOf(found, 'id')}` })
}

function rolesOf(credential: Item): string {
  return partsOf(credential, 'roles')
    .map((role) => textOf(role, 'name'))
    .join(', ')
}
