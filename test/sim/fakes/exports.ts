/**
 * A host's exports and the sessions of initiators, as the simulator has them: synchronous, in the kernel's memory.
 *
 * An export shows the size that its volume had when it was exposed last. A session can write until it is closed. Fencing closes all sessions of an export before it takes the export away;
 * the pieces of it are methods, so that a wrong target can leave one out.
 */
import { volumeId, type VolumeId } from '../../../lib/model/ids.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

export interface FakeExport {
  readonly iqn: string
  readonly initiator: string
  readonly username: string
  readonly password: string
  readonly readOnly: boolean
}

export interface Session {
  readonly iqn: string
  readonly initiator: string
  readonly readOnly: boolean
}

export interface ExportWatcher {
  /** Just before an initiator can get in. */
  onExpose(exported: FakeExport): void
  onLogin(session: Session): void
  onWrite(session: Session): void
}

export class FakeExports {
  readonly #exports = new Map<string, FakeExport>()
  readonly #sizes = new Map<string, number>()
  /** Targets that are there without an access list: half made, or half taken away. Nobody gets in. */
  readonly #husks = new Set<string>()
  readonly #sessions = new Set<Session>()
  readonly #watcher: ExportWatcher

  constructor(watcher: ExportWatcher) {
    this.#watcher = watcher
  }

  expose(wanted: FakeExport, sizeBytes = 0): Outcome<null> {
    const known = this.#exports.get(wanted.iqn)
    if (known !== undefined && !isEqual(known, wanted)) return refused(wanted.iqn)
    this.#sizes.set(wanted.iqn, sizeBytes)
    if (known !== undefined) return done(null)
    this.#watcher.onExpose(wanted)
    this.#husks.delete(wanted.iqn)
    this.#exports.set(wanted.iqn, wanted)
    return done(null)
  }

  fence(iqn: string): Outcome<null> {
    this.closeSessions(iqn)
    this.#exports.delete(iqn)
    this.#husks.delete(iqn)
    return done(null)
  }

  /** An expose that was cut off: the target is there, and its access list, which comes last, is not. */
  exposeHalf(iqn: string): void {
    if (!this.#exports.has(iqn)) this.#husks.add(iqn)
  }

  /** A fence that was cut off: nobody is let in any more and nobody is in, and the target is still there. */
  fenceHalf(iqn: string): void {
    if (!this.#exports.has(iqn)) return
    this.closeSessions(iqn)
    this.#exports.delete(iqn)
    this.#husks.add(iqn)
  }

  closeSessions(iqn: string): void {
    for (const session of this.#sessions) if (session.iqn === iqn) this.#sessions.delete(session)
  }

  /** Takes the export away and leaves its sessions as they are: what no target may do. */
  forgetExport(iqn: string): void {
    this.#exports.delete(iqn)
  }

  list(): readonly string[] {
    return [...this.#exports.keys(), ...this.#husks].sort()
  }

  /** What whoever is logged in sees; null: it is not exported. */
  sizeOf(iqn: string): number | null {
    return this.#exports.has(iqn) ? (this.#sizes.get(iqn) ?? 0) : null
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions
  }

  /** null: turned away. */
  login(initiator: string, iqn: string, username: string, password: string): Session | null {
    const found = this.#exports.get(iqn)
    if (found === undefined || found.initiator !== initiator || found.username !== username || found.password !== password) return null
    const session: Session = { iqn, initiator, readOnly: found.readOnly }
    this.#sessions.add(session)
    this.#watcher.onLogin(session)
    return session
  }

  /** False: the session is cut, or may only read. */
  write(session: Session): boolean {
    const isThrough = this.#sessions.has(session) && !session.readOnly
    if (isThrough) this.#watcher.onWrite(session)
    return isThrough
  }

  /** The daemon dies and comes back knowing nothing. */
  restartEmpty(): void {
    this.#exports.clear()
    this.#husks.clear()
    this.#sessions.clear()
  }
}

export function volumeBehindExport(iqn: string): VolumeId {
  return volumeId(/volume-([0-9a-f-]{36})-\d+$/.exec(iqn)?.[1] ?? '')
}

function isEqual(a: FakeExport, b: FakeExport): boolean {
  return a.initiator === b.initiator && a.username === b.username && a.password === b.password && a.readOnly === b.readOnly
}

function refused(iqn: string): Outcome<never> {
  return { kind: 'failed', tool: 'fake', detail: `${iqn} is there with another specification` }
}
