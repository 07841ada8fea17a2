/**
 * Open and used invitations: one small file each, written before anybody hears of what it says.
 *
 * A used one is kept for a day after it expired, so that a host whose join was cut off can ask again.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import type { PeerId } from '../../lib/model/ids.ts'
import { integer, nullable, pattern, shape, text } from '../../lib/wire/peer/check.ts'
import { peer } from '../../lib/wire/peer/plain-shapes.ts'

export interface InviteRecord {
  readonly v: 1
  /** 16 hex digits */
  readonly id: string
  /** 64 hex digits */
  readonly secretHex: string
  readonly expiresAtMs: number
  /** Who used it; null while it is open. */
  readonly usedBy: { readonly peer: PeerId; readonly name: string } | null
}

export interface InviteStore {
  get(id: string): InviteRecord | null
  /** Resolves when the record is on stable storage. */
  put(record: InviteRecord): Promise<void>
  /** Forgets what nobody can need any more. */
  prune(nowMs: number): Promise<void>
}

export type WriteFileDurably = (file: string, content: string) => Promise<void>

const KEPT_AFTER_EXPIRY_MS = 24 * 60 * 60 * 1000
const usedBy = shape<NonNullable<InviteRecord['usedBy']>>({ peer, name: text(255) })
const record = shape<InviteRecord>({
  v: (value) => value === 1,
  id: pattern(/^[0-9a-f]{16}$/, 16),
  secretHex: pattern(/^[0-9a-f]{64}$/, 64),
  expiresAtMs: integer(0),
  usedBy: nullable(usedBy),
})

/** @throws if a file in the folder is not what this module wrote */
export async function openInvites(folder: string, write: WriteFileDurably): Promise<InviteStore> {
  const records = new Map<string, InviteRecord>()
  const fileOf = (id: string): string => `${folder}/${id}.json`
  for (const name of (await readdir(folder)).filter((item) => /^[0-9a-f]{16}\.json$/.test(item)).sort()) {
    const found = parse(await readFile(`${folder}/${name}`, 'utf8'))
    if (found === null) throw new Error(`${folder}/${name} is damaged: remove it and invite again`)
    records.set(found.id, found)
  }
  return {
    get: (id) => records.get(id) ?? null,
    async put(changed) {
      await write(fileOf(changed.id), `${JSON.stringify(changed)}\n`)
      records.set(changed.id, changed)
    },
    async prune(nowMs) {
      for (const old of [...records.values()].filter((item) => item.expiresAtMs + KEPT_AFTER_EXPIRY_MS < nowMs)) {
        records.delete(old.id)
        await rm(fileOf(old.id), { force: true })
      }
    },
  }
}

function parse(content: string): InviteRecord | null {
  try {
    const json: unknown = JSON.parse(content)
    return record(json) ? (json as InviteRecord) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
