/**
 * A laboratory: hosts with kernels of their own on one machine, storage hosts and compute hosts, in a network without a way out.
 *
 * Everything that it starts ends with it, also when this process is killed; what lies in its folder then is removed by the
 * next run. `docs/TESTING.md` says how to write a test with it.
 */
import { join } from 'node:path'
import { makeRunFolder, type RunFolder } from '../cluster/folder.ts'
import { type Relay, startRelay } from '../cluster/relay.ts'
import { type ComputeHost, createComputeHost } from './compute-host.ts'
import { createGuest, type Guest } from './guest.ts'
import { type LabNetwork, layNetwork } from './network.ts'
import { checkRequirements } from './requirements.ts'
import { createStorageHost, type StorageHost } from './storage-host.ts'

export interface LabOptions {
  /** How many: `s1`, `s2` … and `c1`, `c2` … */
  readonly storage?: number
  readonly compute?: number
  /** Of each host; 384 if not given. */
  readonly memoryMiB?: number
  /** Of each storage host's disk for volumes; sparse; 8 if not given. */
  readonly dataGiB?: number
  /** Of each storage host's own disk; sparse; 4 if not given. */
  readonly stateGiB?: number
}

export interface Lab {
  readonly folder: string
  readonly storageHosts: readonly StorageHost[]
  /** By its place. @throws if there is none */
  storage(k: number): StorageHost
  compute(k: number): ComputeHost
  /** Goes before a command that is to run on a machine beside the hosts: this one, in their network. */
  readonly beside: readonly string[]
  /** Cuts the link between these two, for both ways, until it is mended; one pair at a time. */
  cutLink(one: Guest, other: Guest): Promise<void>
  mendLink(one: Guest, other: Guest): Promise<void>
  /** Ends everything; removes the folder, or keeps it for its logs. @returns one line for each thing that is still there */
  stop(options?: { readonly keep?: boolean }): Promise<readonly string[]>
}

const MEMORY_MIB = 384
const DATA_GIB = 8
const STATE_GIB = 4
const API_PORT = 8776

/** All hosts up. @throws if one does not boot, or the machine lacks something; then nothing is left running */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { storage = 0, compute = 0, memoryMiB = MEMORY_MIB, dataGiB = DATA_GIB, stateGiB = STATE_GIB } = options
  checkRequirements((storage + compute) * memoryMiB)
  const folder = makeRunFolder()
  const parts: Parts = { folder, network: null, guests: [], relays: [] }
  try {
    const network = await layNetwork(folder.run)
    parts.network = network
    const make = async (role: 'storage' | 'compute', name: string): Promise<Guest> => {
      const plug = await network.plug(name)
      const guest = await createGuest({
        name,
        role,
        folder: join(folder.path, name),
        plug,
        enter: network.enter,
        memoryMiB,
        dataGiB,
        stateGiB,
      })
      parts.guests.push(guest)
      return guest
    }
    const storages: StorageHost[] = []
    for (let k = 1; k <= storage; k += 1) {
      const guest = await make('storage', `s${k}`)
      const relay = await startRelay(network.enter, { host: guest.address, port: API_PORT })
      parts.relays.push(relay)
      storages.push(createStorageHost(guest, relay.endpoint))
    }
    const computes: ComputeHost[] = []
    for (let k = 1; k <= compute; k += 1) computes.push(createComputeHost(await make('compute', `c${k}`)))
    await allBooted(parts.guests)
    return {
      folder: folder.path,
      storageHosts: storages,
      storage: (k) => found(storages[k], `storage host ${k}`),
      compute: (k) => found(computes[k], `compute host ${k}`),
      beside: network.enter,
      cutLink: (one, other) => network.part(one.plug, other.plug, true),
      mendLink: (one, other) => network.part(one.plug, other.plug, false),
      stop: ({ keep = false } = {}) => end(parts, keep),
    }
  } catch (error) {
    await end(parts, true)
    throw new Error(`${error instanceof Error ? error.message : String(error)}; logs: ${folder.path}`, { cause: error })
  }
}

interface Parts {
  readonly folder: RunFolder
  network: LabNetwork | null
  readonly guests: Guest[]
  readonly relays: Relay[]
}

/** Waits for each of them, also when one fails: nothing is to boot on while the others are ended. */
async function allBooted(guests: readonly Guest[]): Promise<void> {
  const ends = await Promise.allSettled(guests.map((guest) => guest.boot()))
  const failed = ends.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function end({ folder, network, guests, relays }: Parts, keep: boolean): Promise<readonly string[]> {
  await Promise.all(guests.map((guest) => guest.powerCut()))
  await Promise.all(relays.map((relay) => relay.stop()))
  const left = network === null ? [] : await network.remove()
  if (keep) folder.keep()
  else folder.remove()
  return left
}

function found<Host>(host: Host | undefined, wanted: string): Host {
  if (host === undefined) throw new Error(`the lab has no ${wanted}`)
  return host
}
