/**
 * The log: one JSON line an event, with the event's name and its fields, secrets blanked.
 *
 * Written synchronously, so that the line that says why the process ends is there when it has ended. Level error means
 * that an operator must act.
 */
import { destination as openDestination, pino, stdTimeFunctions } from 'pino'
import type { Log } from '../../lib/ports/log.ts'
import { redact } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

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

export function createLog(options: LogOptions): Log {
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
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
