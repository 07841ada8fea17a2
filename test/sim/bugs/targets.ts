/** Targets that do not cut off what they should: planted bugs 10 and 11. */
import type { Outcome } from '../../../lib/ports/outcome.ts'
import { done } from '../../../lib/ports/outcome.ts'
import { FakeExports, type Session } from '../fakes/exports.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** Takes the target away and leaves its connections. */
class LeakyExports extends FakeExports {
  override fence(iqn: string): Outcome<null> {
    this.forgetExport(iqn)
    return done(null)
  }
}

/** Takes everybody off the access list, and calls that a fence. */
class OpenExports extends FakeExports {
  readonly #barred = new Set<string>()

  override fence(iqn: string): Outcome<null> {
    this.#barred.add(iqn)
    return done(null)
  }

  override login(initiator: string, iqn: string, username: string, password: string): Session | null {
    return this.#barred.has(iqn) ? null : super.login(initiator, iqn, username, password)
  }
}

export const leaveConnections: Bug = {
  number: 10,
  title: 'skip closing a connection',
  distortion: () => ({ ...UNDISTORTED, exports: (watcher) => new LeakyExports(watcher) }),
}

export const accessListOnly: Bug = {
  number: 11,
  title: 'fence by access list only',
  distortion: () => ({ ...UNDISTORTED, exports: (watcher) => new OpenExports(watcher) }),
}
