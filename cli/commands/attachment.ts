/** `scoria attachment …`: who may reach a volume, and how. */
import { type Command, Option } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, textOf } from '../rest/body.ts'
import { findAttachment, findVolume } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { attachmentColumns, attachmentFields } from './attachment-rows.ts'
import { contextOf, newKey, withCommon, withExamples } from './context.ts'

interface CreateOptions extends CommonOptions {
  readonly initiator?: string
  readonly host?: string
  readonly ip?: string
  readonly instance?: string
  readonly mode: 'rw' | 'ro'
  readonly idempotencyKey?: string
}

interface ListOptions extends CommonOptions {
  readonly volume?: string
  readonly allProjects?: boolean
}

export function addAttachment(program: Command, terminal: Terminal): void {
  const attachment = program.command('attachment').description('attachments: create, list, show, complete, delete')
  addCreate(attachment, terminal)
  addList(attachment, terminal)
  addShow(attachment, terminal)
  addComplete(attachment, terminal)
  addDelete(attachment, terminal)
}

function addCreate(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('create')
    .description('reserve a volume; with --initiator also export it and print how to log in')
    .argument('<volume>', 'name or id')
    .option('--initiator <iqn>', 'iSCSI name of the one initiator that gets in (/etc/iscsi/initiatorname.iscsi)')
    .option('--host <name>', 'name of the host that attaches, for display')
    .option('--ip <address>', 'its address, for display')
    .option('--instance <uuid>', 'consumer that the attachment is for')
    .addOption(new Option('--mode <mode>', 'rw or ro').choices(['rw', 'ro']).default('rw'))
    .option('--idempotency-key <key>', 'repeats of the same key make one attachment (default: a new one)')
    .action(async (name: string, options: CreateOptions) => create(name, options, terminal))
  withCommon(command)
  withExamples(
    command,
    'scoria attachment create db --initiator iqn.1993-08.org.debian:01:abc --host web-1',
    'scoria attachment create db --initiator iqn.1993-08.org.debian:01:abc -o json',
  )
}

async function create(name: string, options: CreateOptions, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(options, terminal)
  const volume = await findVolume(client, name)
  const { initiator, host, ip, instance, mode } = options
  const connector = initiator === undefined ? undefined : given({ initiator, multipath: false, host, ip })
  const attachment = given({ volume_uuid: textOf(volume, 'id'), mode, instance_uuid: instance, connector })
  const path = client.cinder('/attachments')
  const body = await client.call({ method: 'POST', path, body: { attachment }, idempotencyKey: options.idempotencyKey ?? newKey() })
  const made = itemAt(body, 'attachment')
  printOne(terminal, output, body, textOf(made, 'id'), attachmentFields(made))
}

function addList(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('list')
    .description('list attachments')
    .option('--volume <volume>', 'only of this volume, name or id')
    .option('--all-projects', 'of every project')
    .action(async (options: ListOptions) => {
      const { client, output, paint } = await contextOf(options, terminal)
      const query = new URLSearchParams()
      if (options.volume !== undefined) query.set('volume_id', textOf(await findVolume(client, options.volume), 'id'))
      if (options.allProjects === true) query.set('all_tenants', '1')
      const path = client.cinder(`/attachments/detail${query.size > 0 ? `?${query}` : ''}`)
      const body = await client.call({ method: 'GET', path })
      const columns = attachmentColumns(terminal.nowMs(), paint)
      printList(
        terminal,
        output,
        body,
        itemsAt(body, 'attachments'),
        columns,
        'no attachments; make one: scoria attachment create VOLUME --initiator IQN',
      )
    })
  withCommon(command)
  withExamples(command, 'scoria attachment list', 'scoria attachment list --volume db -o name')
}

function addShow(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('show')
    .description('show one attachment and how to log in')
    .argument('<attachment>', 'id, or the volume if it has one attachment')
    .action(async (ref: string, options: CommonOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const id = textOf(await findAttachment(client, ref), 'id')
      // Only the single form is sure to have the connection.
      const body = await client.call({ method: 'GET', path: client.cinder(`/attachments/${id}`) })
      printOne(terminal, output, body, id, attachmentFields(itemAt(body, 'attachment')))
    })
  withCommon(command)
  withExamples(command, 'scoria attachment show db', 'scoria attachment show db -o value --columns iqn,portal')
}

function addComplete(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('complete')
    .description('say that the initiator has logged in: the volume becomes in-use')
    .argument('<attachment>', 'id, or the volume if it has one attachment')
    .action(async (ref: string, options: CommonOptions) => {
      const { client } = await contextOf(options, terminal)
      const id = idOf(await findAttachment(client, ref))
      await client.call({ method: 'POST', path: client.cinder(`/attachments/${id}/action`), body: { 'os-complete': {} } })
      terminal.err(`attachment ${id} is complete\n`)
    })
  withCommon(command)
  withExamples(command, 'scoria attachment complete db', 'scoria attachment complete 9b0c7a52-6f6f-4c1e-9e4c-1f2d3a4b5c6d')
}

function addDelete(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('delete')
    .description('cut the initiator off and free the volume')
    .argument('<attachment>', 'id, or the volume if it has one attachment')
    .action(async (ref: string, options: CommonOptions) => {
      const { client } = await contextOf(options, terminal)
      const id = idOf(await findAttachment(client, ref))
      await client.call({ method: 'DELETE', path: client.cinder(`/attachments/${id}`) })
      terminal.err(`attachment ${id} is gone\n`)
    })
  withCommon(command)
  withExamples(command, 'scoria attachment delete db', 'scoria attachment delete 9b0c7a52-6f6f-4c1e-9e4c-1f2d3a4b5c6d')
}

function idOf(attachment: Item): string {
  return textOf(attachment, 'id')
}
