/**
 * Who a volume or a snapshot belongs to, in a `.json` beside its bytes: canonical JSON with two keys.
 *
 * The tags are durable before the bytes have a name and go only after them, so that bytes without tags are bytes of somebody
 * else. Tags without bytes are no volume, but what a crash left of a create or a removal.
 */
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { projectId, type RequestId, requestId } from '../../../lib/model/ids.ts'
import type { VolumeTags } from '../../../lib/ports/backend.ts'
import { revertName, type Stem, tagsName } from './names.ts'
import { syncFolder } from './sync-folder.ts'

/** More than a project id of 255 characters takes with every one of them escaped. */
const BYTES_MAX = 4096
const PROJECT_CHARS_MAX = 255
const REQUEST_ID = /^[0-9a-f]{32,64}$/

/** Resolves when the tags are on stable storage. */
export async function writeTags(directory: string, stem: Stem, tags: VolumeTags): Promise<void> {
  const text = textOf(tags)
  if ((await readText(join(directory, tagsName(stem)))) !== text) await replaceText(directory, stem, tagsName(stem), text)
  // Also if they were there: whoever named them may have crashed before this.
  await syncFolder(directory)
}

/** Null if there are none, or none that can be read: the volume is there all the same. */
export async function readTags(directory: string, stem: Stem): Promise<VolumeTags | null> {
  const text = await readText(join(directory, tagsName(stem)))
  return text === null ? null : parseTags(text)
}

/** And what it was reverted by. Not synced: should the names come back, they are tags without bytes. */
export async function removeTags(directory: string, stem: Stem): Promise<void> {
  await rm(join(directory, tagsName(stem)), { force: true })
  await rm(join(directory, draftName(stem)), { force: true })
  await rm(join(directory, revertName(stem)), { force: true })
}

/** By which request the volume was reverted last; null if it never was. */
export async function readRevert(directory: string, stem: Stem): Promise<string | null> {
  return await readText(join(directory, revertName(stem)))
}

/** Resolves when it is on stable storage. */
export async function writeRevert(directory: string, stem: Stem, rid: RequestId): Promise<void> {
  await replaceText(directory, stem, revertName(stem), rid)
  await syncFolder(directory)
}

async function replaceText(directory: string, stem: Stem, name: string, text: string): Promise<void> {
  const draft = join(directory, draftName(stem))
  // A draft that a crash left behind is nobody's: its rename never happened.
  await rm(draft, { force: true })
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, join(directory, name))
}

const draftName = (stem: Stem): string => `.${tagsName(stem)}.draft`

function textOf({ project, rid }: VolumeTags): string {
  return `${JSON.stringify({ project, rid })}\n`
}

async function readText(file: string): Promise<string | null> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(BYTES_MAX + 1), 0, BYTES_MAX + 1, 0)
      return bytesRead > BYTES_MAX ? null : buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Not there, a link, or on a bad block: in each case nobody can say whose the bytes are.
    if (error instanceof Error && 'syscall' in error) return null
    throw error
  }
}

function parseTags(text: string): VolumeTags | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (typeof json !== 'object' || json === null) return null
  const { project, rid } = json as Partial<Record<keyof VolumeTags, unknown>>
  if (typeof project !== 'string' || project === '' || project.length > PROJECT_CHARS_MAX) return null
  if (typeof rid !== 'string' || !REQUEST_ID.test(rid)) return null
  return { project: projectId(project), rid: requestId(rid) }
}
