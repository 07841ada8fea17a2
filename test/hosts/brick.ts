/** OpenStack's own library for compute hosts, os-brick, as the one that attaches; `guest/brick.py` runs in the host. */
import { join } from 'node:path'
import { isObject } from '../../lib/wire/peer/check.ts'
import { at } from '../cluster/client.ts'
import type { ComputeHost } from './compute-host.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'test', 'hosts', 'guest', 'brick.py')
/** Python and what it imports take some seconds in there. */
const TIMEOUT_MS = 120_000

/** What it tells the storage about its host. */
export async function connectorOf(host: ComputeHost): Promise<object> {
  const connector: unknown = JSON.parse(await host.must(`/usr/bin/python3 ${PROGRAM} connector`, { timeoutMs: TIMEOUT_MS }))
  if (!isObject(connector) || connector['initiator'] !== host.initiator)
    throw new Error(`${host.name} calls itself ${JSON.stringify(connector)}`)
  return connector
}

/** @param attachment as the API answers it. @returns the device */
export async function connectBrick(host: ComputeHost, attachment: unknown): Promise<string> {
  return (await brick(host, 'connect', attachment)).trim()
}

export async function disconnectBrick(host: ComputeHost, attachment: unknown): Promise<void> {
  await brick(host, 'disconnect', attachment)
}

function brick(host: ComputeHost, what: string, attachment: unknown): Promise<string> {
  const info = JSON.stringify(at(attachment, 'connection_info'))
  return host.must(`/usr/bin/python3 ${PROGRAM} ${what} << 'END'\n${info}\nEND`, { timeoutMs: TIMEOUT_MS })
}
