/**
 * The part of a file system that configfs is spoken to through. Synchronous: it is used in a thread of its own, and once
 * before the agent does anything.
 *
 * Looking at what is not there is no error, for whoever else works on the kernel's targets may take it away between two
 * looks. A change that the kernel refuses throws, with the code of the system call.
 */
export interface Entry {
  readonly name: string
  readonly kind: 'folder' | 'file' | 'link'
}

export interface Tree {
  /** What is in a folder, sorted by name; null if there is no such folder. */
  entries(path: string): readonly Entry[] | null
  /** Content without the white space around it; empty if there is no such file. */
  read(path: string): string
  /** Where a link leads, as a path of this tree; empty if there is no such link. */
  linkTarget(path: string): string
  makeFolder(path: string): void
  removeFolder(path: string): void
  /** Writes to a file that is there. */
  write(path: string, text: string): void
  makeLink(path: string, to: string): void
  removeLink(path: string): void
}

/** The code of a system call that failed, such as `EBUSY`. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}
