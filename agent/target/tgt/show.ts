/**
 * Reads what `tgtadm --op show` prints (tgt 1.0.85). Pure.
 *
 * Indentation carries the structure. What is not known here is passed over: tgt adds lines from version to version.
 */
export interface TgtLun {
  readonly lun: number
  readonly backingPath: string
  readonly scsiId: string
  readonly isReadOnly: boolean
}

export interface TgtTarget {
  readonly tid: number
  readonly iqn: string
  readonly luns: readonly TgtLun[]
  readonly accounts: readonly string[]
  /** Initiator names and addresses; tgt prints them alike. */
  readonly acl: readonly string[]
}

export interface TgtConnection {
  readonly sid: string
  readonly cid: string
}

/** Output of `--mode target --op show`. */
export function parseTargets(text: string): readonly TgtTarget[] {
  const blocks = text.split(/^(?=Target \d+: )/m)
  return blocks.flatMap((block) => {
    const [, tid, iqn] = /^Target (\d+): (\S+)/.exec(block) ?? []
    if (tid === undefined || iqn === undefined) return []
    const luns = section(block, 'LUN information')
    // `name (outgoing)` is what the target would prove itself with; it lets nobody in.
    const accounts = entries(section(block, 'Account information')).filter((name) => !name.endsWith(' (outgoing)'))
    return [{ tid: Number(tid), iqn, luns: parseLuns(luns), accounts, acl: entries(section(block, 'ACL information')) }]
  })
}

/** The lowest number that none of them has. */
export function freeTid(targets: readonly TgtTarget[]): number {
  const taken = new Set(targets.map(({ tid }) => tid))
  let tid = 1
  while (taken.has(tid)) tid += 1
  return tid
}

/** Output of `--mode conn --op show --tid N`. */
export function parseConnections(text: string): readonly TgtConnection[] {
  const connections: TgtConnection[] = []
  let sid: string | null = null
  for (const line of text.split('\n')) {
    const [, word, id] = /^\s*(Session|Connection): (\d+)\s*$/.exec(line) ?? []
    if (word === 'Session') sid = id ?? null
    else if (word === 'Connection' && sid !== null && id !== undefined) connections.push({ sid, cid: id })
  }
  return connections
}

/** Output of `--mode portal --op show`: `Portal: 10.0.0.1:3260,1` for each. */
export function parsePortals(text: string): readonly string[] {
  return [...text.matchAll(/^Portal: (\S+),\d+\s*$/gm)].flatMap(([, portal]) => (portal === undefined ? [] : [portal]))
}

/** True if who listens on the first listens on the second: on itself, or on every address of its kind. */
export function coversPortal(open: string, portal: string): boolean {
  const port = portal.slice(portal.lastIndexOf(':') + 1)
  return open === portal || open === (portal.startsWith('[') ? `[::]:${port}` : `0.0.0.0:${port}`)
}

/** The lines below `    <title>:`, up to the next line of the same depth. */
function section(block: string, title: string): readonly string[] {
  const lines = block.split('\n')
  const start = lines.indexOf(`    ${title}:`)
  if (start === -1) return []
  const below = lines.slice(start + 1)
  const end = below.findIndex((line) => !line.startsWith('        '))
  return end === -1 ? below : below.slice(0, end)
}

function entries(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

function parseLuns(lines: readonly string[]): readonly TgtLun[] {
  const starts = lines.flatMap((line, index) => (/^ {8}LUN: \d+$/.test(line) ? [index] : []))
  return starts.map((start, n) => {
    const own = lines.slice(start, starts[n + 1])
    const field = (name: string): string => {
      const line = own.find((candidate) => candidate.trimStart().startsWith(`${name}: `))
      return line === undefined ? '' : line.trimStart().slice(name.length + 2)
    }
    return {
      lun: Number(field('LUN')),
      backingPath: field('Backing store path'),
      scsiId: field('SCSI ID').trimEnd(),
      isReadOnly: field('Readonly') === 'Yes',
    }
  })
}
