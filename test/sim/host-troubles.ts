/**
 * What is wrong with a host's storage for a while, as its tools tell it: a refusal of every call that needs what is gone.
 *
 * A refusal means that nothing was done. What was there before is there again when the trouble is over, but for a target
 * daemon, which comes back knowing nothing.
 */
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { Job } from './job.ts'

export type PoolTrouble = 'gone' | 'full' | 'read-only'
export type DaemonTrouble = 'down'

export class HostTroubles {
  pool: PoolTrouble | null = null
  daemon: DaemonTrouble | null = null

  /** Whether volumes and their pool can be seen at all. */
  get isPoolSeen(): boolean {
    return this.pool !== 'gone'
  }

  get isDaemonUp(): boolean {
    return this.daemon === null
  }

  end(): void {
    this.pool = null
    this.daemon = null
  }

  /** What the tool says to this call; null if it carries it out. */
  refusalOf(job: Job): Outcome<never> | null {
    const why = job.kind === 'target' ? this.#target() : this.#backend(job.call.kind)
    return why === null ? null : { kind: 'failed', tool: 'fake', detail: why }
  }

  #target(): string | null {
    return this.daemon === null ? null : 'nobody listens at the control port'
  }

  #backend(call: Extract<Job, { kind: 'backend' }>['call']['kind']): string | null {
    if (this.pool === 'gone') return 'volume group not found'
    if (this.pool === 'full' && (call === 'create' || call === 'extend')) return 'no space left in the pool'
    if (this.pool === 'read-only' && call !== 'inspect') return 'the pool is read-only'
    return null
  }
}
