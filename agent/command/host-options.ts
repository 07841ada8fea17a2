/** What `init` and `join` have in common: everything that says how this host listens, stores and exports. */
import { resolve } from 'node:path'
import { formatHostPort, type HostPort, isWildcard, toMultiaddr } from '../../lib/config/address.ts'
import { type AgentConfig, parseAgentConfig } from '../../lib/config/agent-config.ts'
import { problemText } from '../../lib/config/problems.ts'
import { addressOption, type Arguments, countOption, type OptionRow } from './arguments.ts'
import { wrongUse } from './command-problem.ts'

export interface HostOptions {
  readonly name: string
  readonly zone: string
  readonly directory: string
  readonly configFile: string
  /** Where other hosts connect. */
  readonly listen: HostPort
  /** What they dial, where that differs. */
  readonly announce: HostPort | null
  readonly api: HostPort
  readonly joinListen: HostPort | null
  readonly joinAnnounce: HostPort | null
  readonly backend:
    | { readonly kind: 'file'; readonly path: string; readonly capacityGiB: number | null }
    | { readonly kind: 'lvm'; readonly vg: string; readonly thinPool?: string; readonly thinPoolGiB?: number }
    | { readonly kind: 'none'; readonly capacityGiB: number }
  readonly portal: string
  readonly target: { readonly kind: 'tgt'; readonly controlPort: number } | { readonly kind: 'lio' }
}

export const DEFAULT_CONFIG_FILE = '/etc/scoria/agent.yaml'
const DEFAULT_DIRECTORY = '/var/lib/scoria'

export const HOST_OPTION_ROWS: readonly OptionRow[] = [
  { name: 'name', value: 'HOST', help: 'name of this host, unique in the cluster (required)' },
  { name: 'dir', value: 'DIR', help: `folder of its keys and journal (default ${DEFAULT_DIRECTORY})` },
  { name: 'config', value: 'FILE', help: `configuration file to write (default DIR/agent.yaml with --dir, else ${DEFAULT_CONFIG_FILE})` },
  { name: 'zone', value: 'ZONE', help: 'availability zone (default nova)' },
  { name: 'listen', value: 'IP:PORT', help: 'where other hosts connect (default 127.0.0.1:8777: this machine only)' },
  { name: 'announce', value: 'IP:PORT', help: 'what other hosts dial, if that differs from --listen' },
  {
    name: 'api',
    value: 'IP:PORT',
    help: 'REST API, on loopback; for others set api.auth and api.tls in the file that is written (default 127.0.0.1:8776)',
  },
  { name: 'join-listen', value: 'IP:PORT', help: 'where new hosts knock; without it this host invites nobody' },
  { name: 'join-announce', value: 'IP:PORT', help: 'what new hosts dial, if that differs from --join-listen' },
  { name: 'backend', value: 'KIND', help: 'lvm, file, or none to store nothing (default file; lvm with --vg)' },
  { name: 'vg', value: 'VG', help: 'volume group that volumes are cut out of' },
  { name: 'thin-pool', value: 'POOL', help: 'thin pool in it (default: none, thick volumes)' },
  { name: 'path', value: 'DIR', help: 'folder of the volume files (default: volumes in the folder of --dir)' },
  { name: 'capacity', value: 'GiB', help: 'file: what may be given out (default: all); lvm: size of a thin pool that is not there yet' },
  { name: 'portal', value: 'IP:PORT', help: 'iSCSI portal that initiators connect to (default 127.0.0.1:3260)' },
  { name: 'target', value: 'KIND', help: "who exports: tgt, or lio for the kernel's own target (default tgt)" },
  { name: 'tgt-control', value: 'N', help: "tgtd's control socket, the N of tgtd -C N (default 0: the system's tgtd)" },
]

/** @param unnamed what the host is called if nobody says; null: it has to be said. @throws CommandProblem (usage) */
export function hostOptions(args: Arguments, unnamed: string | null = null): HostOptions {
  const name = args.text('name') ?? unnamed
  if (name === null) throw wrongUse('--name is missing', 'say what this host is called: --name HOST')
  const directory = resolve(args.text('dir') ?? DEFAULT_DIRECTORY)
  const ownConfig = args.text('dir') === null ? DEFAULT_CONFIG_FILE : `${directory}/agent.yaml`
  // The configuration file is read again after a restart, from who knows where: it holds no relative path.
  const options: HostOptions = {
    name,
    zone: args.text('zone') ?? 'nova',
    directory,
    configFile: resolve(args.text('config') ?? ownConfig),
    listen: addressOption(args, 'listen') ?? { host: '127.0.0.1', port: 8777 },
    announce: addressOption(args, 'announce'),
    api: addressOption(args, 'api') ?? { host: '127.0.0.1', port: 8776 },
    joinListen: addressOption(args, 'join-listen'),
    joinAnnounce: addressOption(args, 'join-announce'),
    backend: backendOption(args, directory),
    portal: formatHostPort(addressOption(args, 'portal') ?? { host: '127.0.0.1', port: 3260 }),
    target: targetOption(args),
  }
  if (isWildcard((options.announce ?? options.listen).host)) {
    throw wrongUse(
      `other hosts cannot dial ${formatHostPort(options.announce ?? options.listen)}`,
      'add the address that they reach this host by: --announce IP:PORT',
    )
  }
  return options
}

/** Addresses that the manifest says to dial. */
export function dialAddresses(options: HostOptions): readonly string[] {
  return [toMultiaddr(options.announce ?? options.listen)]
}

/** What the configuration file will say, checked. @throws CommandProblem (usage) with every problem */
export function checkedConfig(options: HostOptions): AgentConfig {
  const parsed = parseAgentConfig(configJson(options))
  if (!parsed.ok) throw wrongUse('these options make no valid configuration:', ...parsed.problems.map((found) => `  ${problemText(found)}`))
  return parsed.config
}

/** The file's content; only what differs from the defaults or what an operator looks for. */
export function configJson(options: HostOptions): Readonly<Record<string, unknown>> {
  const { backend } = options
  return {
    name: options.name,
    zone: options.zone,
    directory: options.directory,
    peer: { listen: [toMultiaddr(options.listen)], ...(options.announce === null ? {} : { announce: [toMultiaddr(options.announce)] }) },
    api: { listen: formatHostPort(options.api) },
    ...(options.joinListen === null ? {} : { join: joinJson(options.joinListen, options.joinAnnounce) }),
    backends: [backend.kind === 'file' && backend.capacityGiB === null ? { kind: 'file', path: backend.path } : backend],
    target: backend.kind === 'none' ? { kind: 'none', portal: options.portal } : { ...options.target, portal: options.portal },
  }
}

function joinJson(listen: HostPort, announce: HostPort | null): Readonly<Record<string, string>> {
  return { listen: formatHostPort(listen), ...(announce === null ? {} : { announce: formatHostPort(announce) }) }
}

function backendOption(args: Arguments, directory: string): HostOptions['backend'] {
  const vg = args.text('vg')
  const kind = args.text('backend') ?? (vg === null ? 'file' : 'lvm')
  const capacityGiB = countOption(args, 'capacity', 1, Number.MAX_SAFE_INTEGER)
  if (kind === 'none') return { kind, capacityGiB: capacityGiB ?? 1000 }
  if (kind === 'lvm') return lvmOption(args, vg, capacityGiB)
  if (kind !== 'file') throw wrongUse(`--backend ${JSON.stringify(kind)} is unknown`, 'there are: file, lvm, none')
  return { kind, path: resolve(args.text('path') ?? `${directory}/volumes`), capacityGiB }
}

function targetOption(args: Arguments): HostOptions['target'] {
  const kind = args.text('target') ?? 'tgt'
  const controlPort = countOption(args, 'tgt-control', 0, 32_767)
  if (kind === 'tgt') return { kind, controlPort: controlPort ?? 0 }
  if (kind !== 'lio') throw wrongUse(`--target ${JSON.stringify(kind)} is unknown`, 'there are: tgt, lio')
  if (controlPort !== null) throw wrongUse('--tgt-control is for tgt', 'leave it out, or say --target tgt')
  return { kind }
}

function lvmOption(args: Arguments, vg: string | null, capacityGiB: number | null): HostOptions['backend'] {
  if (vg === null) throw wrongUse('--vg is missing', 'say which volume group holds the volumes: --vg VG')
  const thinPool = args.text('thin-pool')
  return { kind: 'lvm', vg, ...(thinPool === null ? {} : { thinPool }), ...(capacityGiB === null ? {} : { thinPoolGiB: capacityGiB }) }
}
