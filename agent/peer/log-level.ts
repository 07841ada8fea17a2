/**
 * The level of another host's log, asked and changed: one question and one answer on a stream of their own.
 *
 * It decides nothing about volumes and is kept nowhere, so it is no message of the rules. Asking again does no harm; an
 * answer that does not come in time is unknown, and the level may have changed all the same.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { AgentConfig } from '../../lib/config/agent-config.ts'
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import { encodeFrame, FrameReader } from './frame.ts'
import type { Node } from './node.ts'

export type LogLevel = AgentConfig['log']['level']

/** Makes it the level that is wanted, if one is, and says what it is then. */
export type LevelSwitch = (wanted: LogLevel | null) => LogLevel

export interface LogLevelServer {
  readonly isMember: (peer: PeerId) => boolean
  readonly level: LevelSwitch
}

const ANSWER_MS = 3000
/** Of one peer, at once. */
const STREAMS_MAX = 4

export async function serveLogLevel(node: Node, protocol: string, { isMember, level }: LogLevelServer): Promise<void> {
  const serve = async (stream: Stream, connection: Connection): Promise<void> => {
    if (!isMember(peerId(connection.remotePeer.toString()))) return stream.abort(new Error('no member'))
    try {
      const asked = parseWanted(await oneText(stream))
      stream.send(encodeFrame(JSON.stringify({ level: level(asked) })))
      await stream.close({ signal: AbortSignal.timeout(ANSWER_MS) })
    } catch (error) {
      stream.abort(asError(error))
    }
  }
  await node.handle(protocol, serve, { maxInboundStreams: STREAMS_MAX, maxOutboundStreams: STREAMS_MAX })
}

/** @throws if no answer comes in time, or none that can be read */
export async function askLogLevel(connection: Connection, protocol: string, wanted: LogLevel | null): Promise<LogLevel> {
  const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(ANSWER_MS) })
  try {
    const answered = oneText(stream)
    stream.send(encodeFrame(JSON.stringify({ level: wanted })))
    const level = parseWanted(await answered)
    if (level === null) throw new Error('the answer names no level')
    await stream.close({ signal: AbortSignal.timeout(ANSWER_MS) })
    return level
  } catch (error) {
    stream.abort(asError(error))
    throw error
  }
}

/** @throws if the stream ends before, or is silent for too long */
function oneText(stream: Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader()
    const end = (error: Error): void => {
      clearTimeout(late)
      reject(error)
    }
    const late = setTimeout(() => end(new Error(`no word within ${ANSWER_MS / 1000} s`)), ANSWER_MS)
    stream.addEventListener('close', () => end(new Error('the other side has hung up')))
    stream.addEventListener('message', (event) => {
      try {
        const [text] = reader.push(event.data.subarray())
        if (text === undefined) return
        clearTimeout(late)
        resolve(text)
      } catch (error) {
        end(asError(error))
      }
    })
  })
}

/** @throws if it names something that is no level */
function parseWanted(text: string): LogLevel | null {
  const said: unknown = JSON.parse(text)
  const level = typeof said === 'object' && said !== null && 'level' in said ? said.level : undefined
  if (level === null || level === 'debug' || level === 'info' || level === 'warn' || level === 'error') return level
  throw new Error('it names no level')
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error('failed', { cause: error }))
