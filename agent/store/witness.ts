/**
 * A second memory of how far the journal has come, beside the database and not inside it.
 *
 * Its presence says that a database had been initialised here (LevelDB opens an EMPTY one when its CURRENT file is gone),
 * and its content names the last batch that was acknowledged. A database that ends before that batch was cut off, which its
 * own chain cannot show. Written after each acknowledgement without a sync: it may lag behind after a loss of power, but it
 * is never ahead of what was promised.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ChainHead } from './chain.ts'

/** One sector: written in one piece or not at all. */
const WITNESS_BYTES = 128

export type WitnessRead =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'head'; readonly head: ChainHead }

export function readWitness(file: string): WitnessRead {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'absent' }
    throw error
  }
  const match = /^(\d{1,16}) ([\w-]*) *\n$/.exec(text)
  const [, seq, hash] = match ?? []
  return seq === undefined || hash === undefined ? { kind: 'unreadable' } : { kind: 'head', head: { seq: Number(seq), hash } }
}

export class Witness {
  readonly #fd: number

  /** Opens or makes the file, and syncs it and its directory: from here on the database counts as initialised. */
  constructor(file: string, head: ChainHead) {
    // made by 'a' and written through 'r+': a file opened for appending cannot be overwritten in place
    closeSync(openSync(file, 'a', 0o600))
    this.#fd = openSync(file, 'r+')
    this.record(head)
    fsyncSync(this.#fd)
    syncDirectory(dirname(file))
  }

  /** A few microseconds: one write into the page cache, no sync. */
  record(head: ChainHead): void {
    const line = `${head.seq} ${head.hash}`.padEnd(WITNESS_BYTES - 1)
    writeSync(this.#fd, `${line}\n`, 0, 'latin1')
  }

  close(): void {
    fsyncSync(this.#fd)
    closeSync(this.#fd)
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
