/**
 * The rules of the kernel's configfs for targets, as far as an order of steps can break them: what may be made where,
 * what may not go yet, what may not be changed any more, and who can log in to what. Seen on Linux 6.1.
 *
 * Plans are tried on it from states that no test on a real kernel would reach; the contract suite runs on the real one.
 */
import type { Entry, Tree } from '../../../../agent/target/lio/tree.ts'

type Node =
  | { readonly kind: 'folder'; readonly isMade: boolean }
  | { readonly kind: 'file'; text: string }
  | { readonly kind: 'link'; readonly to: string }

export interface SeenLun {
  readonly name: string
  readonly device: string
  readonly isReadOnly: boolean
}

const TPG_FILES = {
  enable: '0',
  'attrib/authentication': '1',
  'attrib/generate_node_acls': '0',
  'attrib/cache_dynamic_acls': '0',
  'attrib/demo_mode_write_protect': '1',
  'attrib/demo_mode_discovery': '1',
}
const ACL_FILES = { 'auth/userid': '', 'auth/password': '', 'attrib/authentication': '-1', info: '' }
const BACKSTORE_FILES = {
  control: '',
  enable: '0',
  info: '',
  'wwn/vpd_unit_serial': '',
  'wwn/vendor_id': '',
  'wwn/product_id': '',
  'attrib/emulate_3pc': '1',
  'attrib/emulate_tpu': '0',
  'attrib/emulate_tpws': '0',
  'attrib/emulate_fua_write': '1',
  'attrib/emulate_write_cache': '0',
}

/** What comes with a folder that is made at such a path; null: nothing may be made there. */
const SHAPES: readonly (readonly [RegExp, Readonly<Record<string, string>>, readonly string[]])[] = [
  [/^iscsi$/, {}, []],
  [/^iscsi\/[^/]+$/, {}, ['param']],
  [/^iscsi\/[^/]+\/tpgt_\d+$/, TPG_FILES, ['attrib', 'lun', 'np', 'acls', 'param']],
  [/^iscsi\/[^/]+\/tpgt_\d+\/lun\/lun_\d+$/, { alua_tg_pt_gp: '' }, ['statistics']],
  [/^iscsi\/[^/]+\/tpgt_\d+\/np\/[^/]+:\d+$/, {}, []],
  [/^iscsi\/[^/]+\/tpgt_\d+\/acls\/[^/]+$/, ACL_FILES, ['auth', 'attrib', 'param']],
  [/^iscsi\/[^/]+\/tpgt_\d+\/acls\/[^/]+\/lun_\d+$/, { write_protect: '' }, ['statistics']],
  [/^core\/(iblock|fileio)_\d+$/, {}, []],
  [/^core\/(iblock|fileio)_\d+\/[^/]+$/, BACKSTORE_FILES, ['attrib', 'wwn', 'alua']],
]

export class FakeKernel implements Tree {
  readonly #nodes = new Map<string, Node>([['core', { kind: 'folder', isMade: false }]])
  readonly #sessions = new Set<string>()
  /** Hears of each change that was made. */
  onChange: (what: string) => void = () => {}

  entries(path: string): readonly Entry[] | null {
    if (this.#nodes.get(path)?.kind !== 'folder') return null
    const below = [...this.#nodes].flatMap(([at, { kind }]) => (parentOf(at) === path ? [{ name: nameOf(at), kind }] : []))
    return below.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  read(path: string): string {
    if (path.endsWith('/info')) return this.#info(parentOf(path))
    if (path.endsWith('/write_protect') && this.#linksIn(parentOf(path)).length === 0) return ''
    const node = this.#nodes.get(path)
    if (node?.kind !== 'file') return ''
    return path.endsWith('/vpd_unit_serial') ? `T10 VPD Unit Serial Number: ${node.text}` : node.text
  }

  linkTarget(path: string): string {
    const node = this.#nodes.get(path)
    return node?.kind === 'link' ? node.to : ''
  }

  makeFolder(path: string): void {
    if (this.#nodes.has(path)) throw refusal('EEXIST', path)
    if (this.#nodes.get(parentOf(path))?.kind !== 'folder' && path !== 'iscsi') throw refusal('ENOENT', path)
    const shape = SHAPES.find(([where]) => where.test(path))
    if (shape === undefined) throw refusal('EPERM', path)
    const [, files, folders] = shape
    this.#nodes.set(path, { kind: 'folder', isMade: true })
    for (const folder of folders) this.#nodes.set(`${path}/${folder}`, { kind: 'folder', isMade: false })
    for (const [name, text] of Object.entries(files)) this.#nodes.set(`${path}/${name}`, { kind: 'file', text })
    this.onChange(`make ${path}`)
  }

  removeFolder(path: string): void {
    const node = this.#nodes.get(path)
    if (node === undefined) throw refusal('ENOENT', path)
    if (node.kind !== 'folder' || !node.isMade) throw refusal('EPERM', path)
    const below = [...this.#nodes].filter(([at]) => at.startsWith(`${path}/`))
    if (below.some(([, { kind, ...rest }]) => kind === 'link' || ('isMade' in rest && rest.isMade))) throw refusal('ENOTEMPTY', path)
    if (this.#isLinkedTo(path)) throw refusal('EBUSY', path)
    for (const [at] of below) this.#nodes.delete(at)
    this.#nodes.delete(path)
    this.#closeSessions(path)
    this.onChange(`remove ${path}`)
  }

  write(path: string, text: string): void {
    const node = this.#nodes.get(path)
    if (node?.kind !== 'file') throw refusal('ENOENT', path)
    const parent = parentOf(path)
    if (/^core\/.*\/enable$/.test(path)) this.#enableBackstore(parent)
    if (path.endsWith('/vpd_unit_serial') && this.#isLinkedTo(parentOf(parent))) throw refusal('EINVAL', path)
    if (path.endsWith('/control')) return this.#control(parent, text)
    // Without a link the switch hangs in the air: the kernel takes the order and forgets it.
    if (path.endsWith('/write_protect') && this.#linksIn(parent).length === 0) return
    node.text = text
    if (/tpgt_\d+\/enable$/.test(path) && text === '0') this.#closeSessions(parent)
    this.onChange(`write ${path}`)
  }

  makeLink(path: string, to: string): void {
    if (this.#nodes.has(path)) throw refusal('EEXIST', path)
    const parent = parentOf(path)
    if (this.#nodes.get(parent)?.kind !== 'folder' || this.#nodes.get(to)?.kind !== 'folder') throw refusal('ENOENT', path)
    if (this.#linksIn(parent).length > 0) throw refusal('EEXIST', path)
    if (to.startsWith('core/') && this.read(`${to}/enable`) !== '1') throw refusal('ENODEV', path)
    this.#nodes.set(path, { kind: 'link', to })
    const isMapped = parent.includes('/acls/')
    if (isMapped) this.#nodes.set(`${parent}/write_protect`, { kind: 'file', text: '0' })
    this.onChange(`link ${path}`)
  }

  removeLink(path: string): void {
    if (this.#nodes.get(path)?.kind !== 'link') throw refusal('ENOENT', path)
    this.#nodes.delete(path)
    this.onChange(`unlink ${path}`)
  }

  /** What this initiator finds behind the target; null: it is turned away. */
  login(iqn: string, initiator: string, username: string, password: string): readonly SeenLun[] | null {
    const groups = this.#children(`iscsi/${iqn}`).filter((path) => path.includes('/tpgt_') && this.read(`${path}/enable`) === '1')
    const tpg = groups.find((path) => this.#children(`${path}/np`).length > 0 && this.#nodes.has(`${path}/acls/${initiator}`))
    if (tpg === undefined) return null
    const acl = `${tpg}/acls/${initiator}`
    const own = this.read(`${acl}/attrib/authentication`)
    const asksSecret = (own === '-1' ? this.read(`${tpg}/attrib/authentication`) : own) === '1'
    const isRight = password !== '' && this.read(`${acl}/auth/userid`) === username && this.read(`${acl}/auth/password`) === password
    return asksSecret && !isRight ? null : this.#seenBy(acl)
  }

  /** A session of this initiator is open; the kernel closes it with the access list's entry or its portal group. */
  openSession(acl: string): void {
    this.#sessions.add(acl)
  }

  get sessions(): readonly string[] {
    return [...this.#sessions]
  }

  /** Every path that somebody made. */
  get made(): readonly string[] {
    return [...this.#nodes]
      .flatMap(([path, node]) => (node.kind === 'link' || (node.kind === 'folder' && node.isMade) ? [path] : []))
      .sort()
  }

  /** Every file that can be written. */
  get files(): readonly string[] {
    return [...this.#nodes].flatMap(([path, { kind }]) => (kind === 'file' ? [path] : [])).sort()
  }

  #seenBy(acl: string): readonly SeenLun[] {
    return this.#children(acl).flatMap((lun) => {
      const [to] = this.#linksIn(lun)
      const [backstore] = to === undefined ? [] : this.#linksIn(to)
      if (backstore === undefined) return []
      const device = /(?:udev_path|fd_dev_name)=([^,]*)/.exec(this.#textOf(`${backstore}/control`))?.[1] ?? ''
      return [{ name: nameOf(lun), device, isReadOnly: this.read(`${lun}/write_protect`) === '1' }]
    })
  }

  #info(path: string): string {
    if (path.includes('/acls/'))
      return this.#sessions.has(path) ? 'InitiatorName: it\nLIO Session ID: 1' : 'No active iSCSI Session for Initiator Endpoint: it'
    const control = this.#textOf(`${path}/control`)
    const [, file] = /fd_dev_name=([^,]*)/.exec(control) ?? []
    const [, size] = /.*fd_dev_size=(\d+)/.exec(control) ?? []
    if (path.includes('/fileio_'))
      return `Status: DEACTIVATED\n        TCM FILEIO ID: 0        File: ${file ?? ''}  Size: ${size ?? 0}  Mode: O_DSYNC Async: 0`
    return `Status: DEACTIVATED\n        iBlock device: sdx  UDEV PATH: ${/udev_path=(.*)/.exec(control)?.[1] ?? ''}  readonly: 0`
  }

  #enableBackstore(path: string): void {
    if (this.read(`${path}/enable`) === '1') throw refusal('EEXIST', path)
    const control = this.#textOf(`${path}/control`)
    if (control === '') throw refusal('EINVAL', path)
    const holders = [...this.#nodes.keys()].filter(
      (at) => at !== path && /^core\/iblock_\d+\/[^/]+$/.test(at) && this.read(`${at}/enable`) === '1',
    )
    // A block device is opened for one backstore only.
    if (path.includes('/iblock_') && holders.some((at) => this.#textOf(`${at}/control`) === control)) throw refusal('EBUSY', path)
  }

  #control(path: string, text: string): void {
    const node = this.#nodes.get(`${path}/control`)
    if (node?.kind !== 'file') throw refusal('ENOENT', path)
    if (path.includes('/iblock_') && this.read(`${path}/enable`) === '1') throw refusal('EEXIST', path)
    node.text = text.startsWith('fd_dev_size=') ? `${node.text},${text}` : text
    if (text.includes('fd_buffered_io=1')) this.#nodes.set(`${path}/attrib/emulate_write_cache`, { kind: 'file', text: '1' })
    this.onChange(`write ${path}/control`)
  }

  #closeSessions(path: string): void {
    for (const acl of this.#sessions) if (acl === path || acl.startsWith(`${path}/`)) this.#sessions.delete(acl)
  }

  #textOf(path: string): string {
    const node = this.#nodes.get(path)
    return node?.kind === 'file' ? node.text : ''
  }

  #children(path: string): readonly string[] {
    return [...this.#nodes].flatMap(([at, node]) => (parentOf(at) === path && node.kind === 'folder' && node.isMade ? [at] : []))
  }

  #linksIn(path: string): readonly string[] {
    return [...this.#nodes].flatMap(([at, node]) => (node.kind === 'link' && parentOf(at) === path ? [node.to] : []))
  }

  #isLinkedTo(path: string): boolean {
    return [...this.#nodes.values()].some((node) => node.kind === 'link' && node.to === path)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function refusal(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
