/** Bodies of the calls that make and accept transfers. `no_snapshots` came with 3.55; the older call never takes snapshots along. */
import Type from 'typebox'
import { parseUuid } from '../../model/ids.ts'
import { boolWord, firstText, notUuid, OptionalText } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface CreateTransfer {
  readonly volume: string
  readonly name: string | null
  readonly noSnapshots: boolean
}

const wanted = { volume_id: Type.String({ maxLength: 255 }), name: OptionalText }
const create = shape(Type.Object({ transfer: Type.Object(wanted, { additionalProperties: false }) }, { additionalProperties: false }))
const createWithSnapshots = shape(
  Type.Object(
    {
      transfer: Type.Object(
        { ...wanted, no_snapshots: Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 16 })])) },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)
const accept = shape(
  Type.Object(
    { accept: Type.Object({ auth_key: Type.Union([Type.String({ maxLength: 255 }), Type.Integer()]) }, { additionalProperties: false }) },
    { additionalProperties: false },
  ),
)

/** For the description of the API. */
export const TRANSFER_BODIES = { create, createWithSnapshots, accept }

/** Of `os-volume-transfer`. */
export function parseCreateTransfer(body: unknown): Parsed<CreateTransfer> {
  const parsed = create.parse(body)
  return parsed.ok ? created(parsed.value.transfer, true) : parsed
}

/** Of `volume-transfers`. */
export function parseCreateWithSnapshots(body: unknown): Parsed<CreateTransfer> {
  const parsed = createWithSnapshots.parse(body)
  if (!parsed.ok) return parsed
  const { transfer } = parsed.value
  const given = transfer.no_snapshots ?? false
  const noSnapshots = typeof given === 'boolean' ? given : boolWord(given)
  if (noSnapshots !== null) return created(transfer, noSnapshots)
  return refused({ code: 'bad-value', path: 'transfer.no_snapshots', value: String(given), rule: { kind: 'type', wanted: 'boolean' } })
}

export function parseAcceptTransfer(body: unknown): Parsed<{ readonly authKey: string }> {
  const parsed = accept.parse(body)
  return parsed.ok ? accepted({ authKey: String(parsed.value.accept.auth_key) }) : parsed
}

function created(
  { volume_id: text, name }: { readonly volume_id: string; readonly name?: string | null },
  noSnapshots: boolean,
): Parsed<CreateTransfer> {
  const volume = parseUuid(text)
  return volume === null ? notUuid('transfer.volume_id', text) : accepted({ volume, name: firstText(name) ?? null, noSnapshots })
}
