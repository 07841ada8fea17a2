/** `scoria type encryption …`: how volumes of a type would have to be encrypted. Hosts cannot: such a type makes none. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { usage } from '../failure.ts'
import { printOne } from '../output/print.ts'
import { isItem, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { typeId, typePath } from './type-id.ts'

interface SetOptions extends CommonOptions {
  readonly provider?: string
  readonly cipher?: string
  readonly keySize?: number
  readonly controlLocation?: string
}

const FIELDS = ['provider', 'cipher', 'key_size', 'control_location', 'encryption_id'] as const

export function addTypeEncryption(type: Command, terminal: Terminal): void {
  const encryption = type.command('encryption').description('the encryption record of a volume type: set, show, unset')
  const set = encryption
    .command('set')
    .description('give a volume type an encryption record, or change it; no host can encrypt, so that creates of it are refused')
    .argument('<type>', 'its name or id')
    .option('--provider <name>', 'such as luks')
    .option('--cipher <name>', 'such as aes-xts-plain64')
    .option('--key-size <bits>', 'such as 256', bits)
    .addOption(new Option('--control-location <where>', 'who is to encrypt; front-end if not said').choices(['front-end', 'back-end']))
    .action(async (nameOrId: string, options: SetOptions) => setEncryption(nameOrId, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(
    set,
    'scoria type encryption set secret --provider luks --cipher aes-xts-plain64 --key-size 256',
    'scoria type encryption set secret --key-size 512',
  )

  const show = encryption
    .command('show')
    .description('show the encryption record of a volume type')
    .argument('<type>', 'its name or id')
    .action(async (nameOrId: string, options: CommonOptions) => showEncryption(await contextOf(options, terminal), nameOrId))
  withCommon(show)
  withExamples(show, 'scoria type encryption show secret', 'scoria type encryption show secret -o json')

  const unset = encryption
    .command('unset')
    .description('take the encryption record away')
    .argument('<type>', 'its name or id')
    .action(async (nameOrId: string, options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      await context.client.call({ method: 'DELETE', path: `${await recordPath(context, nameOrId)}/provider` })
    })
  withCommon(unset)
  withExamples(unset, 'scoria type encryption unset secret', 'scoria type encryption unset 6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0005')
}

async function setEncryption(nameOrId: string, options: SetOptions, context: Context): Promise<void> {
  const { provider, cipher, keySize, controlLocation } = options
  const wanted = given({ provider, cipher, key_size: keySize, control_location: controlLocation })
  if (Object.keys(wanted).length === 0) throw usage('nothing to set', 'say what: --provider, --cipher, --key-size, --control-location')
  const path = await recordPath(context, nameOrId)
  if (isEmpty(await context.client.call({ method: 'GET', path }))) {
    if (provider === undefined) throw usage('the type has no encryption record yet', 'name its provider: --provider luks')
    await context.client.call({ method: 'POST', path, body: { encryption: { control_location: 'front-end', ...wanted } } })
  } else await context.client.call({ method: 'PUT', path: `${path}/provider`, body: { encryption: wanted } })
  await showEncryption(context, nameOrId)
}

async function showEncryption(context: Context, nameOrId: string): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: await recordPath(context, nameOrId) })
  if (isEmpty(body) || !isItem(body)) return terminal.err(`${nameOrId} has no encryption record\n`)
  printOne(
    terminal,
    output,
    body,
    textOf(body, 'encryption_id'),
    FIELDS.map((name) => [name, textOf(body, name)]),
  )
}

async function recordPath(context: Context, nameOrId: string): Promise<string> {
  return `${typePath(context, await typeId(context, nameOrId))}/encryption`
}

function isEmpty(body: unknown): boolean {
  return !isItem(body) || Object.keys(body).length === 0
}

function bits(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A key has a whole number of bits.')
  return Number(text)
}
