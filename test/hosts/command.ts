/**
 * One command in a guest, over the network of the lab; `guest/commands.py` is the other end.
 *
 * It has a time limit in the guest and a longer one here: a guest that dies says nothing, not even goodbye.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'

export interface CommandEnd {
  /** 124 or 137 when its time was up. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandLine {
  /** Program and arguments, or a text for sh. */
  readonly command: readonly string[] | string
  readonly timeoutMs: number
  /** Goes before a command that is to run in the network of the lab. */
  readonly enter: readonly string[]
  readonly address: string
  /** Aborted when the guest is gone. */
  readonly signal: AbortSignal
}

const COMMAND_PORT = 7001
const CONNECT_S = 2
const GRACE_MS = 10_000
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** @throws Error if no answer comes: whether it was done is not known then */
export async function runInGuest({ command, timeoutMs, enter, address, signal }: CommandLine): Promise<CommandEnd> {
  signal.throwIfAborted()
  const text = typeof command === 'string' ? command : `exec ${command.map(quoted).join(' ')}`
  const mark = `[${randomUUID()}]`
  const limitS = Math.ceil(timeoutMs / 1000)
  const [file = '', ...args] = [
    ...enter,
    'socat',
    `-t${limitS + GRACE_MS / 1000}`,
    '-',
    `TCP:${address}:${COMMAND_PORT},connect-timeout=${CONNECT_S}`,
  ]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const kill = (): void => void child.kill('SIGKILL')
  const limit = setTimeout(kill, timeoutMs + GRACE_MS)
  signal.addEventListener('abort', kill, { once: true })
  try {
    child.stdin.on('error', () => undefined)
    child.stdin.end(`${limitS}\0${mark}\0${text}\0`)
    const [bytes, complaint] = await Promise.all([collected(child.stdout, kill), collected(child.stderr, kill), ended(child)])
    signal.throwIfAborted()
    const end = parsed(bytes.toString(), mark)
    if (end === null) throw new Error(`no answer from ${address} to: ${text.slice(0, 200)} ${complaint.toString().trim()}`)
    return end
  } finally {
    clearTimeout(limit)
    signal.removeEventListener('abort', kill)
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

async function collected(stream: NodeJS.ReadableStream, tooMuch: () => void): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    const buffer = Buffer.from(part)
    bytes += buffer.length
    if (bytes > OUTPUT_BYTES_MAX) tooMuch()
    else parts.push(buffer)
  }
  return Buffer.concat(parts)
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
}

/** Null if the answer is cut off. */
function parsed(answer: string, mark: string): CommandEnd | null {
  const [stdout = '', stderr = '', code = ''] = answer.split(mark)
  return /^\d+\n$/.test(code) ? { code: Number(code), stdout, stderr } : null
}
