/**
 * The log: one JSON line an event, with the event's name and its fields, secrets blanked.
 *
 * Written synchronously, so that the line that says why the process ends is there when it has ended. Level error means
 * that an operator must act. The level can be changed while it runs, and the log itself says when it was.
 */
import { destination as openDestination, pino, stdTimeFunctions } from 'pino'
import type { AgentConfig } from '../../lib/config/agent-config.ts'
import type { Log } from '../../lib/ports/log.ts'
import { redact } from './redact.ts'

export type LogLevel = AgentConfig['log']['level']

/** Makes it the level that is wanted, if one is, and says what it is then. */
export type LevelSwitch = (wanted: LogLevel | null) => LogLevel

export interface SwitchedLog extends Log {
  readonly level: LevelSwitch
}

export interface LogSink {
  write(line: string): void
}

export interface LogOptions {
  readonly level: LogLevel
  /** On every line; the host's name, say. */
  readonly base?: Readonly<Record<string, string>>
  /** Default: standard output, where systemd and `scoria dev` pick it up. */
  readonly sink?: LogSink
}

export function createLog(options: LogOptions): SwitchedLog {
  const logger = pino(
    {
      level: options.level,
      base: options.base ?? {},
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.sink ?? openDestination({ fd: 1, sync: true }),
  )
  const at =
    (level: LogLevel) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      logger[level](redact(fields), event)
  let now = options.level
  const level: LevelSwitch = (wanted) => {
    if (wanted === null || wanted === now) return now
    // Whatever is written before and after, that much is said.
    logger.level = 'info'
    logger.info({ from: now, to: wanted }, 'log-level-changed')
    logger.level = wanted
    now = wanted
    return now
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), level }
}
