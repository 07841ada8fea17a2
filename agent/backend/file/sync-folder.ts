/** Makes the names in a folder last: those that came, and those that went. */
import { open } from 'node:fs/promises'

export async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
