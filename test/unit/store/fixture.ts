/** What the store's tests share: a folder of their own, a quiet log, a journal opened in it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type JournalOptions, type OpenedJournal, openJournal } from '../../../agent/store/journal.ts'
import type { Log } from '../../../lib/ports/log.ts'

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface Line {
  readonly level: keyof Log
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that remembers what it was told. */
export function listening(): { readonly log: Log; readonly lines: Line[]; readonly events: string[] } {
  const lines: Line[] = []
  const events: string[] = []
  const at =
    (level: keyof Log) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ level, event, fields })
      events.push(event)
    }
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines, events }
}

/** A folder in a parent of its own, so that what is put beside it is alone there. */
export function folder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'scoria-store-'))
  t.teardown(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'journal')
  mkdirSync(directory)
  return directory
}

export function open(directory: string, more: Partial<JournalOptions> = {}): Promise<OpenedJournal> {
  const onFatal = (error: Error): void => {
    throw error
  }
  return openJournal({ directory, log: quiet, onFatal, minFreeBytes: 0, ballastBytes: 0, ...more })
}

/** Files of the database with this ending, with their paths. */
export function databaseFiles(directory: string, ending: string): string[] {
  const db = join(directory, 'db')
  return readdirSync(db)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(db, name))
}

export function flipByte(file: string, offset: number): void {
  const bytes = readFileSync(file)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x55, offset)
  writeFileSync(file, bytes)
}
