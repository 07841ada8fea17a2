/** What `scoria volume set` and `unset` say of a volume beside its texts: whether it boots or may be written to, and its image. */
import { type Command, Option } from 'commander'
import type { Client } from '../rest/client.ts'
import { property } from './context.ts'

export interface FlagOptions {
  readonly bootable?: boolean
  readonly nonBootable?: boolean
  readonly readOnly?: boolean
  readonly readWrite?: boolean
  readonly imageProperty?: Readonly<Record<string, string>>
}

export function withFlags(command: Command): Command {
  return command
    .option('--bootable', 'a server may boot from it')
    .addOption(new Option('--non-bootable', 'no server boots from it').conflicts('bootable'))
    .option('--read-only', 'nobody can write to it; only while nobody uses it')
    .addOption(new Option('--read-write', 'it can be written to; only while nobody uses it').conflicts('readOnly'))
    .option('--image-property <key=value>', 'what its image was like, repeatable', property)
}

export function hasFlags({ bootable, nonBootable, readOnly, readWrite, imageProperty }: FlagOptions): boolean {
  return [bootable, nonBootable, readOnly, readWrite, imageProperty].some((option) => option !== undefined)
}

/** @param path of the volume */
export async function changeFlags(client: Client, path: string, options: FlagOptions): Promise<void> {
  const { bootable, nonBootable, readOnly, readWrite, imageProperty: metadata } = options
  const act = (body: object): Promise<unknown> => client.call({ method: 'POST', path: `${path}/action`, body })
  if (readOnly === true || readWrite === true) await act({ 'os-update_readonly_flag': { readonly: readOnly === true } })
  if (bootable === true || nonBootable === true) await act({ 'os-set_bootable': { bootable: bootable === true } })
  if (metadata !== undefined) await act({ 'os-set_image_metadata': { metadata } })
}

export async function unsetImage(client: Client, path: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) await client.call({ method: 'POST', path: `${path}/action`, body: { 'os-unset_image_metadata': { key } } })
}
