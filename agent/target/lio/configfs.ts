/**
 * The kernel's own tree: configfs below `/sys/kernel/config/target`.
 *
 * A write is one system call, as configfs wants it, and never makes a file.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Dirent,
} from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { codeOf, type Entry, type Tree } from './tree.ts'

export const CONFIGFS_ROOT = '/sys/kernel/config/target'

const PAGE_BYTES = 4096

/** Why there is no tree, and what makes one: now, and at each boot. */
export const NOT_LOADED = 'the kernel’s target is not loaded'
export const LOAD_MODULES =
  "modprobe -a target_core_mod iscsi_target_mod && printf '%s\\n' target_core_mod iscsi_target_mod > /etc/modules-load.d/scoria.conf"

export function configfsTree(root: string): Tree {
  const full = (path: string): string => `${root}/${path}`
  return {
    entries: (path) => unlessAbsent(null, () => readdirSync(full(path), { withFileTypes: true }).map(entryOf).sort(byName)),
    read: (path) => unlessAbsent('', () => readAtOnce(full(path))),
    linkTarget: (path) => unlessAbsent('', () => relative(root, resolve(dirname(full(path)), readlinkSync(full(path))))),
    makeFolder: (path) => mkdirSync(full(path)),
    removeFolder: (path) => rmdirSync(full(path)),
    write(path, text) {
      const file = openSync(full(path), constants.O_WRONLY)
      try {
        writeSync(file, text)
      } finally {
        closeSync(file)
      }
    },
    makeLink: (path, to) => symlinkSync(full(to), full(path)),
    removeLink: (path) => unlinkSync(full(path)),
  }
}

/** One read is the whole file, as configfs has them: a page at most. Half the system calls of reading until the end. */
function readAtOnce(path: string): string {
  const file = openSync(path, constants.O_RDONLY)
  try {
    const page = Buffer.alloc(PAGE_BYTES)
    return page.toString('utf8', 0, readSync(file, page)).trim()
  } finally {
    closeSync(file)
  }
}

/** ENOTDIR too: what was a folder may be gone and come back as something else. */
function unlessAbsent<Value>(otherwise: Value, look: () => Value): Value {
  try {
    return look()
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV') return otherwise
    throw error
  }
}

function entryOf(entry: Dirent): Entry {
  return { name: entry.name, kind: entry.isSymbolicLink() ? 'link' : entry.isDirectory() ? 'folder' : 'file' }
}

function byName(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : 1
}
