/** What the store's tests share: a folder of their own, a quiet log, a journal opened in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type JournalOptions, type OpenedJournal, openJournal } from '../../../agent/store/journal.ts'
import type { Log } from '../../../lib/ports/log.ts'

export const SEAL_KEY = new Uint8Array(32).fill(7)

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A log that remembers the names of its events. */
export function listening(): { readonly log: Log; readonly events: string[] } {
  const events: string[] = []
  const note = (event: string): void => {
    events.push(event)
  }
  return { log: { debug: note, info: note, warn: note, error: note }, events }
}

export function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'scoria-store-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function open(directory: string, more: Partial<JournalOptions> = {}): Promise<OpenedJournal> {
  const onFatal = (error: Error): void => {
    throw error
  }
  return openJournal({ directory, sealKey: SEAL_KEY, log: quiet, onFatal, minFreeBytes: 0, ballastBytes: 0, ...more })
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
