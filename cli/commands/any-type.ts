/** What volume types and group types have in common: who sees them, their properties, and how they are shown. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import type { ListColumn } from '../output/print.ts'
import { type Item, partOf, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import { property } from './context.ts'

export interface AnyTypeOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly public?: boolean
  readonly private?: boolean
  readonly property?: Readonly<Record<string, string>>
}

export interface UnsetOptions extends CommonOptions {
  readonly property: readonly string[]
}

/** Where the API keeps the properties of a type. */
type Specs = 'extra_specs' | 'group_specs'

interface Says {
  /** Who sees a private one. */
  readonly privately: string
  /** What a property is. */
  readonly properties: string
}

/** Options of `create` and `set`. */
export function withTypeOptions(command: Command, { privately, properties }: Says): Command {
  return command
    .option('--public', 'everybody sees it')
    .option('--private', privately)
    .option('--description <text>', 'what it is for')
    .option('--property <key=value>', properties, property)
}

/** Undefined: not said. */
export function visibilityOf(options: AnyTypeOptions): boolean | undefined {
  if (options.public === true && options.private === true) throw usage('a type is public or private, not both')
  return options.public === true ? true : options.private === true ? false : undefined
}

/** What `set` changes of the type itself; null if that is nothing, and only properties are set. */
export function changesIn(options: AnyTypeOptions): Readonly<Record<string, unknown>> | null {
  const changes = given({ name: options.name, description: options.description, is_public: visibilityOf(options) })
  if (Object.keys(changes).length > 0) return changes
  if (options.property === undefined) throw usage('nothing to set', 'say what: --name, --description, --public, --private, --property')
  return null
}

export function typeColumns(specs: Specs): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: (type) => textOf(type, 'name') },
    { header: 'PUBLIC', cell: (type) => textOf(type, 'is_public') },
    { header: 'PROPERTIES', cell: (type) => propertiesOf(type, specs) },
    { header: 'ID', cell: (type) => textOf(type, 'id'), wide: true },
  ]
}

export function typeFields(type: Item, specs: Specs): readonly (readonly [string, string])[] {
  return [
    ['id', textOf(type, 'id')],
    ['name', textOf(type, 'name')],
    ['description', textOf(type, 'description')],
    ['public', textOf(type, 'is_public')],
    ['properties', propertiesOf(type, specs)],
  ]
}

function propertiesOf(type: Item, specs: Specs): string {
  const properties = partOf(type, specs)
  return Object.keys(properties)
    .map((key) => `${key}=${textOf(properties, key)}`)
    .join(', ')
}
