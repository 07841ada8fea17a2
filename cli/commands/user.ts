/** `scoria user …`: the cluster's own users, with the verbs of `openstack user`. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { IDENTITY, identityId, identityItem } from './identity-id.ts'

interface UserOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly passwordFile?: string
  readonly defaultProject?: string
  readonly enable?: boolean
  readonly disable?: boolean
}

const PASSWORD_BYTES = 18

export function addUser(program: Command, terminal: Terminal): void {
  const user = program
    .command('user')
    .description('who may log in, where agents keep users themselves (auth builtin): create, list, show, set, delete')
  const create = changing(user.command('create').description('make a user; a password is made and told once unless a file has one'))
    .argument('<name>', 'no other user may have it')
    .option('--disable', 'who may not log in yet')
    .action(async (name: string, options: UserOptions) => createUser(name, options, await contextOf(options, terminal)))
  withCommon(create)
  withExamples(create, 'scoria user create ada --default-project demo', 'scoria user create ada --password-file ada.txt')

  const list = user
    .command('list')
    .description('list the users')
    .action(async (options: CommonOptions) => listUsers(await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria user list', 'scoria user list -o json')

  const show = user
    .command('show')
    .description('show a user, and his roles')
    .argument('<user>', 'name or id')
    .action(async (nameOrId: string, options: CommonOptions) => showUser(await contextOf(options, terminal), nameOrId))
  withCommon(show)
  withExamples(show, 'scoria user show ada', 'scoria user show ada -o yaml')

  const set = changing(user.command('set').description('change a user; what is not named stays'))
    .argument('<user>', 'name or id')
    .option('--name <name>', 'another name')
    .option('--enable', 'he may log in')
    .option('--disable', 'he may not, and his tokens end')
    .action(async (nameOrId: string, options: UserOptions) => setUser(nameOrId, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(set, 'scoria user set ada --password-file ada.txt', 'scoria user set ada --disable')

  const remove = user
    .command('delete')
    .description('delete users; their tokens end, what they made stays')
    .argument('<users...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      for (const name of names)
        await context.client.call({ method: 'DELETE', path: `${IDENTITY}/users/${await identityId(context, 'user', name)}` })
    })
  withCommon(remove)
  withExamples(remove, 'scoria user delete ada', 'scoria user delete ada bea')
}

function changing(command: Command): Command {
  return command
    .option('--description <text>', 'what for')
    .option('--password-file <file>', 'its first line is the password; - reads it from standard input')
    .option('--default-project <project>', 'name or id of the project that a login without one is for')
}

async function createUser(name: string, options: UserOptions, context: Context): Promise<void> {
  const { client, output, terminal } = context
  const isMade = options.passwordFile === undefined
  const password = isMade ? randomBytes(PASSWORD_BYTES).toString('base64url') : await passwordIn(options.passwordFile ?? '')
  const user = { name, password, ...(await bodyOf(options, context)), enabled: options.disable !== true }
  const body = await client.call({ method: 'POST', path: `${IDENTITY}/users`, body: { user } })
  const made = itemAt(body, 'user')
  printOne(terminal, output, body, textOf(made, 'id'), [...fieldsOf(made), ...(isMade ? ([['password', password]] as const) : [])])
}

async function setUser(nameOrId: string, options: UserOptions, context: Context): Promise<void> {
  if (options.enable === true && options.disable === true) throw usage('--enable and --disable exclude each other')
  const enabled = options.enable === true ? true : options.disable === true ? false : undefined
  const password = options.passwordFile === undefined ? undefined : await passwordIn(options.passwordFile)
  const user = { ...(await bodyOf(options, context)), ...given({ name: options.name, enabled, password }) }
  if (Object.keys(user).length === 0)
    throw usage('nothing to set', 'say what: --name, --description, --password-file, --default-project, --enable, --disable')
  const id = await identityId(context, 'user', nameOrId)
  await context.client.call({ method: 'PATCH', path: `${IDENTITY}/users/${id}`, body: { user } })
  await showUser(context, options.name ?? nameOrId)
}

async function bodyOf({ description, defaultProject }: UserOptions, context: Context): Promise<Readonly<Record<string, unknown>>> {
  const project = defaultProject === undefined ? undefined : await identityId(context, 'project', defaultProject)
  return given({ description, default_project_id: project })
}

async function passwordIn(file: string): Promise<string> {
  const text = file === '-' ? await standardInput() : await readFile(file, 'utf8').catch((error: unknown) => notRead(file, error))
  const [password = ''] = text.split(/\r?\n/, 1)
  if (password === '') throw usage(`${file} holds no password in its first line`)
  return password
}

function notRead(file: string, error: unknown): never {
  throw usage(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
}

async function standardInput(): Promise<string> {
  let text = ''
  for await (const part of process.stdin.setEncoding('utf8')) text += String(part)
  return text
}

async function listUsers({ client, output, terminal }: Context): Promise<void> {
  const body = await client.call({ method: 'GET', path: `${IDENTITY}/users` })
  const columns = [
    { header: 'NAME', cell: (user: Item) => textOf(user, 'name') },
    { header: 'ENABLED', cell: (user: Item) => textOf(user, 'enabled') },
    { header: 'DESCRIPTION', cell: (user: Item) => textOf(user, 'description') },
    { header: 'ID', cell: (user: Item) => textOf(user, 'id'), wide: true as const },
  ]
  printList(terminal, output, body, itemsAt(body, 'users'), columns, 'no users')
}

async function showUser(context: Context, nameOrId: string): Promise<void> {
  const user = await identityItem(context, 'user', nameOrId)
  const id = textOf(user, 'id')
  const path = `${IDENTITY}/role_assignments?include_names=true&user.id=${id}`
  const granted = itemsAt(await context.client.call({ method: 'GET', path }), 'role_assignments')
  const roles = granted.map((one) => `${textOf(itemAt(one, 'role'), 'name')} in ${textOf(itemAt(itemAt(one, 'scope'), 'project'), 'name')}`)
  printOne(context.terminal, context.output, { user }, id, [...fieldsOf(user), ['roles', roles.join(', ')]])
}

function fieldsOf(user: Item): readonly (readonly [string, string])[] {
  return [
    ['id', textOf(user, 'id')],
    ['name', textOf(user, 'name')],
    ['enabled', textOf(user, 'enabled')],
    ['description', textOf(user, 'description')],
    ['default project', textOf(user, 'default_project_id')],
  ]
}
