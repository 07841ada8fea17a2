/**
 * Real iSCSI initiators in user space: iscsi-inq, which logs in and asks for a name, and qemu-io, which stays and writes.
 *
 * A cut session does not get an error: libiscsi tries to log in again for ever. So a last write is given a moment, then
 * the initiator is killed, and the bytes of the volume say whether the write passed.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Credentials, LiveSession } from './target.ts'

const INSTALL = 'apt-get install -y tgt libiscsi-bin qemu-utils qemu-block-extra'
const ANSWER_MS_MAX = 10_000
/** Far more than a write over loopback needs. */
const LAST_WRITE_MS = 500
const BLOCK_BYTES = 512
/** Exit code of libiscsi's tools when the target turns them away. */
const TURNED_AWAY = 10

export interface Initiators {
  canLogIn(credentials: Credentials): Promise<boolean>
  logIn(credentials: Credentials, volume: string): Promise<LiveSession>
  /** One write by a new session; false if the LUN is write-protected. */
  canWrite(credentials: Credentials, volume: string): Promise<boolean>
  /** Ends every session that is still open. */
  stop(): Promise<void>
}

/** First block of a volume, as it is on its device. */
export type ReadBlock = (volume: string) => Promise<Buffer>

/** @param readBlock where the volumes are no files, which can be read like any other */
export function createInitiators(portal: string, readBlock: ReadBlock = readFromFile): Initiators {
  const sessions: QemuSession[] = []
  const logIn = async (credentials: Credentials, volume: string): Promise<QemuSession> => {
    const session = new QemuSession({ portal, credentials, volume, readBlock })
    sessions.push(session)
    await session.command(`read 0 ${BLOCK_BYTES}`)
    return session
  }
  return {
    canLogIn: (credentials) => canLogIn(portal, credentials),
    logIn,
    async canWrite(credentials, volume) {
      try {
        return await (await logIn(credentials, volume)).write()
      } catch (error) {
        if (error instanceof Error && error.message.includes('LUN is write protected')) return false
        throw error
      }
    },
    async stop() {
      for (const session of sessions) await session.kill()
    },
  }
}

async function canLogIn(portal: string, { iqn, initiator, chap }: Credentials): Promise<boolean> {
  const user = chap === null ? '' : `${chap.username}%${chap.password}@`
  const { exitCode, output } = await run('iscsi-inq', ['-i', initiator, `iscsi://${user}${portal}/${iqn}/1`])
  if (exitCode === 0) return true
  // tgtd closes the connection if it has no target at all; libiscsi then says the same as if nobody listened.
  const isTurnedAway = exitCode === TURNED_AWAY && output.includes('Login Failed') && (await isListening(portal))
  if (isTurnedAway) return false
  throw new Error(`iscsi-inq: ${output}`)
}

/** Runs a tool that ends by itself. */
export async function run(tool: string, args: readonly string[]): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const child = spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: ANSWER_MS_MAX })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  try {
    await once(child, 'close')
  } catch (error) {
    output += missing(error)
  }
  return { exitCode: child.exitCode, output }
}

async function isListening(portal: string): Promise<boolean> {
  const [host = '', port = ''] = portal.split(':')
  const socket = connect({ host, port: Number(port) })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

interface SessionPlan {
  readonly portal: string
  readonly credentials: Credentials
  readonly volume: string
  readonly readBlock: ReadBlock
}

class QemuSession implements LiveSession {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #volume: string
  readonly #readBlock: ReadBlock
  readonly #exited: Promise<unknown>
  #output = ''
  #onOutput: () => void = () => {}
  #writes = 0

  constructor({ portal, credentials: { iqn, initiator, chap }, volume, readBlock }: SessionPlan) {
    this.#volume = volume
    this.#readBlock = readBlock
    const device = {
      driver: 'raw',
      'file.driver': 'iscsi',
      'file.transport': 'tcp',
      'file.portal': portal,
      'file.target': iqn,
      'file.lun': '1',
      'file.initiator-name': initiator,
      ...(chap === null ? {} : { 'file.user': chap.username, 'file.password': chap.password }),
    }
    const options = Object.entries(device).map(([key, text]) => `${key}=${text}`)
    // -t none: a write has reached the target when qemu-io says so.
    this.#process = spawn('qemu-io', ['-t', 'none', '--image-opts', options.join(',')], { stdio: 'pipe' })
    this.#exited = once(this.#process, 'close').catch((error: unknown) => {
      this.#take(missing(error))
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    void this.#exited.then(() => this.#onOutput())
    // The tool may be gone before it is asked.
    this.#process.stdin.on('error', () => {})
  }

  async write(): Promise<boolean> {
    const pattern = this.#pattern()
    const answer = await this.command(`write -P ${pattern} 0 ${BLOCK_BYTES}`)
    return answer.includes('wrote') && (await this.#holds(pattern))
  }

  async lastWrite(): Promise<boolean> {
    const pattern = this.#pattern()
    this.#send(`write -P ${pattern} 0 ${BLOCK_BYTES}`)
    await this.#answered(LAST_WRITE_MS)
    await this.kill()
    return await this.#holds(pattern)
  }

  /** Waits for the answer. */
  async command(line: string): Promise<string> {
    this.#send(line)
    if (await this.#answered(ANSWER_MS_MAX)) return this.#output
    throw new Error(`qemu-io does not answer ${line}: ${this.#output}`)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  #send(line: string): void {
    this.#output = ''
    this.#process.stdin.write(`${line}\n`)
  }

  /** False after the time; throws if the tool ended. */
  async #answered(timeLimitMs: number): Promise<boolean> {
    const isAnswered = (): boolean => /^.*(wrote|read) \d+\/\d+ bytes.*\n.*ops.*\n|failed: /m.test(this.#output)
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => resolve(false)), timeLimitMs)
      const settle = (how: () => void): void => {
        clearTimeout(timer)
        this.#onOutput = () => {}
        how()
      }
      this.#onOutput = () => {
        if (isAnswered()) settle(() => resolve(true))
        else if (this.#process.exitCode !== null) settle(() => reject(new Error(`qemu-io ended: ${this.#output}${missing(this.#output)}`)))
      }
      this.#onOutput()
    })
  }

  #take(text: string): void {
    this.#output += text
    this.#onOutput()
  }

  /** Another one for each write, so that no byte of an earlier one is taken for it. */
  #pattern(): number {
    this.#writes += 1
    return this.#writes
  }

  async #holds(pattern: number): Promise<boolean> {
    return (await this.#readBlock(this.#volume)).every((byte) => byte === pattern)
  }
}

async function readFromFile(path: string): Promise<Buffer> {
  const volume = await open(path, 'r')
  try {
    const { buffer } = await volume.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, 0)
    return buffer
  } finally {
    await volume.close()
  }
}

function missing(trouble: unknown): string {
  const isMissing = /ENOENT|Unknown driver 'iscsi'/.test(String(trouble instanceof Error ? trouble.message : trouble))
  return isMissing ? ` (a tool is missing: ${INSTALL})` : ''
}
