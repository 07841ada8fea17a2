/** What the network's tests share: hosts of one cluster in this process, and a record of what each of them hears. */
import '../../../agent/peer/polyfill.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createIdentity, generateSwarmKey, type Identity } from '../../../agent/peer/identity.ts'
import { createClusterKey, signManifest } from '../../../agent/peer/manifest.ts'
import { type NetworkOptions, type RunningNetwork, startNetwork } from '../../../agent/peer/network.ts'
import type { Beat } from '../../../lib/model/host.ts'
import { type PeerId, requestId } from '../../../lib/model/ids.ts'
import type { Manifest, ManifestHost, SignedManifest } from '../../../lib/model/manifest.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'
import type { Log } from '../../../lib/ports/log.ts'

export const CLUSTER = '6f1c2c52-93a4-4a53-8a6e-0f6f4d1c7b11'

const folder = mkdtempSync(join(tmpdir(), 'scoria-peer-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

export function newFile(): string {
  files += 1
  return join(folder, `file-${files}`)
}

export const newIdentity = (): Promise<Identity> => createIdentity(newFile())

/** Everything that one host heard, in order; `until` resolves as soon as a condition on it holds. */
export class Heard implements Log {
  readonly messages: { readonly from: PeerId; readonly message: PeerMessage }[] = []
  readonly states: string[] = []
  readonly beats: Beat[] = []
  readonly unreachable: PeerMessage[] = []
  readonly manifests: SignedManifest[] = []
  readonly events: string[] = []
  #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = []

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }))
  }

  note<Item>(list: Item[], item: Item): void {
    list.push(item)
    const met = this.#waiting.filter(({ condition }) => condition())
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting))
    for (const { resolve } of met) resolve()
  }

  debug(event: string, fields?: Readonly<Record<string, unknown>>): void {
    this.note(this.events, describe(event, fields))
  }
  info(event: string, fields?: Readonly<Record<string, unknown>>): void {
    this.debug(event, fields)
  }
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void {
    this.debug(event, fields)
  }
  error(event: string, fields?: Readonly<Record<string, unknown>>): void {
    this.debug(event, fields)
  }
}

function describe(event: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const shown = ['reason', 'hint', 'direction', 'attempt'].filter((key) => fields[key] !== undefined && fields[key] !== null)
  return [event, ...shown.map((key) => String(fields[key]))].join(' | ')
}

/** A manifest that its hosts share and may exchange for another. */
export class Membership {
  manifest: Manifest
  readonly key = createClusterKey()

  constructor(hosts: readonly ManifestHost[] = [], cluster = CLUSTER) {
    this.manifest = {
      cluster,
      epoch: 1,
      prev: '',
      expect: 1,
      voting: { epoch: 1, former: null },
      hosts,
      left: [],
      types: [],
      limits: DEFAULT_LIMITS,
    }
  }

  signed(): SignedManifest {
    return signManifest(this.manifest, this.key)
  }

  /** The next manifest, with this host added or changed. */
  put(host: ManifestHost): void {
    const hosts = [...this.manifest.hosts.filter(({ peer }) => peer !== host.peer), host]
    this.manifest = { ...this.manifest, epoch: this.manifest.epoch + 1, hosts: hosts.toSorted((a, b) => (a.peer < b.peer ? -1 : 1)) }
  }

  remove(peer: PeerId): void {
    this.manifest = { ...this.manifest, epoch: this.manifest.epoch + 1, hosts: this.manifest.hosts.filter((host) => host.peer !== peer) }
  }
}

export interface Host {
  readonly identity: Identity
  readonly peer: PeerId
  readonly network: RunningNetwork
  readonly heard: Heard
}

export const swarmKey = generateSwarmKey()

export const hostEntry = (identity: Identity, addrs: readonly string[]): ManifestHost => {
  return { peer: identity.peerId, name: `h-${identity.peerId.slice(-8)}`, addrs, zone: 'a', voter: true, state: 'member' }
}

export async function startHost(identity: Identity, membership: Membership, more: Partial<NetworkOptions> = {}): Promise<Host> {
  const heard = new Heard()
  const network = await startNetwork({
    identity,
    swarmKey,
    manifest: () => membership.manifest,
    signedManifest: () => membership.signed(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    handlers: {
      onMessage: (from, message) => heard.note(heard.messages, { from, message }),
      onUnreachable: (_to, message) => heard.note(heard.unreachable, message),
      onPeer: (peer, state) => heard.note(heard.states, `${peer} ${state}`),
      onBeat: (_from, beat) => heard.note(heard.beats, beat),
    },
    onManifest: (signed) => heard.note(heard.manifests, signed),
    log: heard,
    logLevel: () => 'info',
    version: '1.2.3',
    dev: true,
    ...more,
  })
  t.teardown(() => network.stop())
  return { identity, peer: identity.peerId, network, heard }
}

/** `count` hosts of one manifest, all of them connected. */
export async function startCluster(count: number): Promise<{ readonly hosts: readonly Host[]; readonly membership: Membership }> {
  const identities = await Promise.all(Array.from({ length: count }, newIdentity))
  const membership = new Membership(identities.map((identity) => hostEntry(identity, [])))
  const hosts = await Promise.all(identities.map((identity) => startHost(identity, membership)))
  for (const { identity, network } of hosts) membership.put(hostEntry(identity, network.listenAddrs()))
  for (const { network } of hosts) network.manifestChanged()
  await Promise.all(hosts.flatMap((a) => hosts.filter((b) => b !== a).map((b) => isUp(a, b))))
  return { hosts, membership }
}

/** Resolves when `a` counts `b` as up, now or later. */
export function isUp(a: Host, b: Pick<Host, 'peer'>): Promise<void> {
  return a.heard.until(() => a.network.peers().some(({ peer, state }) => peer === b.peer && state === 'up'))
}

/** A small message with a number, to tell order by. */
export const committed = (n: number): PeerMessage => {
  return { kind: 'committed', rid: requestId(n.toString(16).padStart(32, '0')) }
}

export const beatOf = (peer: PeerId, n: number): Beat => {
  return {
    peer,
    epoch: 1,
    n,
    state: 'ready',
    version: '1.2.3',
    pools: [],
    head: n,
    held: 0,
    voting: 1,
    pending: 0,
    types: 0,
    api: '127.0.0.1:8776',
  }
}
