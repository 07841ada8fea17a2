/** A real iSCSI client without a kernel's help: qemu-io over libiscsi, with CHAP, under any initiator name. */
import type { SeenConnection } from './client.ts'
import { runCommand } from './process.ts'

export interface InitiatorEnd {
  readonly ok: boolean
  /** What the client said; its last lines if it was refused. */
  readonly text: string
}

export const MIB = 1024 * 1024
const TIMEOUT_MS = 30_000

/** The initiator: its iSCSI name, and the command that goes before to run it elsewhere. */
export interface Initiator {
  readonly name: string
  readonly enter: readonly string[]
}

/** Writes `byte` over the range, flushes, and reads it back. */
export function writePattern(
  connection: SeenConnection,
  initiator: string | Initiator,
  byte: number,
  bytes: number,
): Promise<InitiatorEnd> {
  return qemuIo(connection, initiator, [`write -P ${byte} 0 ${bytes}`, 'flush', `read -P ${byte} 0 ${bytes}`])
}

/** Reads the range and compares every byte. */
export function readPattern(connection: SeenConnection, initiator: string | Initiator, byte: number, bytes: number): Promise<InitiatorEnd> {
  return qemuIo(connection, initiator, [`read -P ${byte} 0 ${bytes}`])
}

async function qemuIo(connection: SeenConnection, initiator: string | Initiator, commands: readonly string[]): Promise<InitiatorEnd> {
  const { portal, iqn, lun, username, password } = connection
  const { name, enter } = typeof initiator === 'string' ? { name: initiator, enter: [] } : initiator
  const image = {
    driver: 'raw',
    'file.driver': 'iscsi',
    'file.transport': 'tcp',
    'file.portal': portal,
    'file.target': iqn,
    'file.lun': lun,
    'file.user': username,
    'file.password': password,
    'file.initiator-name': name,
  }
  const options = Object.entries(image).map(([key, value]) => `${key}=${value}`)
  const args = ['--image-opts', options.join(','), ...commands.flatMap((command) => ['-c', command])]
  const end = await runCommand('qemu-io', args, { timeoutMs: TIMEOUT_MS, enter })
  const text = `${end.stdout}${end.stderr}`.trim().replaceAll(password, '[secret]')
  return { ok: end.exitCode === 0 && !/verification failed/i.test(text), text }
}
