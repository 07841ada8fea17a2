/**
 * Takes a damaged journal out of the way, whole, so that an empty one can be begun in its place.
 *
 * Nothing of it is changed or deleted but the ballast: it is the evidence, and may hold what an operator wants back. The
 * new name is durable before anything is written under the old one.
 */
import { open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { JournalDamaged } from './damage.ts'

/** Journals that may lie beside the one in use. A host that damages more of them is not fit to go on. */
const SET_ASIDE_MAX = 20

/** Folders of journals that were set aside, oldest first. */
export async function setAsideBefore(directory: string): Promise<readonly string[]> {
  return (await numbersBeside(directory)).map((n) => asideName(directory, n))
}

/**
 * @returns the folder's new name
 * @throws JournalDamaged with the cause why it stays where it is
 */
export async function setAside(directory: string, damage: JournalDamaged): Promise<string> {
  try {
    const numbers = await numbersBeside(directory)
    if (numbers.length >= SET_ASIDE_MAX) throw new Error(`${numbers.length} journals are set aside already`)
    const kept = asideName(directory, (numbers.at(-1) ?? 0) + 1)
    // The new journal makes its own, and the room is wanted for it.
    await rm(join(directory, 'ballast'), { force: true })
    await rename(directory, kept)
    await syncFolder(dirname(directory))
    return kept
  } catch (error) {
    throw new JournalDamaged(damage.facts, { cause: error })
  }
}

function asideName(directory: string, n: number): string {
  return join(dirname(directory), `${basename(directory)}.damaged-${n}`)
}

async function numbersBeside(directory: string): Promise<readonly number[]> {
  const prefix = `${basename(directory)}.damaged-`
  const tails = (await readdir(dirname(directory))).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
  return tails
    .filter((tail) => /^[1-9]\d{0,8}$/.test(tail))
    .map(Number)
    .sort((a, b) => a - b)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
