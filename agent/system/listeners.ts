/**
 * Who listens on which TCP port of this host, as /proc tells it: the program `ss` may not be there.
 *
 * What the kernel itself listens on (LIO) has no process, nor has what belongs to users whom this one may not look at.
 */
import { readdir, readFile, readlink } from 'node:fs/promises'

export interface Listener {
  /** Address, empty if it is one that this does not read (IPv6, but for `::` and `::1`). */
  readonly host: string
  readonly port: number
  readonly pid: number | null
  /** Name of the program, empty without a process. */
  readonly program: string
}

const LISTEN = '0A'

/** @param ports that are of interest */
export async function listenersOn(ports: readonly number[]): Promise<readonly Listener[]> {
  const texts = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(textOf))
  const sockets = texts.flatMap(listeningIn).filter(({ port }) => ports.includes(port))
  if (sockets.length === 0) return []
  const owners = await ownersOf(new Set(sockets.map(({ inode }) => inode)))
  return await Promise.all(
    sockets.map(async ({ host, port, inode }) => {
      const pid = owners.get(inode) ?? null
      return { host, port, pid, program: pid === null ? '' : (await textOf(`/proc/${pid}/comm`)).trim() }
    }),
  )
}

/** Lines of /proc/net/tcp (proc(5)): local address in hexadecimal, state, and in the tenth field the inode. Pure. */
export function listeningIn(text: string): readonly { readonly host: string; readonly port: number; readonly inode: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    const [address = '', portText = ''] = local.split(':')
    const port = Number.parseInt(portText, 16)
    return state === LISTEN && Number.isInteger(port) ? [{ host: hostIn(address), port, inode }] : []
  })
}

/** Bytes of each word are in the order of the processor, which is the small end first on all that we run on. */
function hostIn(address: string): string {
  if (address.length === 8)
    return (address.match(/../g) ?? [])
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.')
  if (/^0{32}$/.test(address)) return '::'
  return address === '00000000000000000000000001000000' ? '::1' : ''
}

async function ownersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  const owners = new Map<string, number>()
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of processes) {
    for (const handle of await handlesOf(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(handle)?.[1]
      if (inode !== undefined && inodes.has(inode)) owners.set(inode, Number(pid))
    }
    if (owners.size === inodes.size) break
  }
  return owners
}

/** A process may end, or be another user's, while it is looked at. */
async function handlesOf(pid: string): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`
  const names = await readdir(folder).catch(absence<string[]>([]))
  return await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(absence(''))))
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(absence(''))
}

function absence<Value>(otherwise: Value): (error: unknown) => Value {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return otherwise
    throw error
  }
}
