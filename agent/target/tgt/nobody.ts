/**
 * Keeps a target that nobody may log in to, so that tgtd has one at all times.
 *
 * A tgtd without any closes each connection as soon as it has accepted it. open-iscsi does not survive that while it binds
 * a session again that was lost: it tries for ever and never gets in (`can't bind conn … retcode -107`,
 * https://github.com/open-iscsi/open-iscsi/issues/387), and its volume is gone for good. A login that is refused because
 * its target is not back yet, it repeats.
 */
import { freeTid, type TgtTarget } from './show.ts'
import type { Tgtadm } from './tgtadm.ts'

const NOBODY = 'iqn.2026-01.io.scoria:nobody'

/** @returns null when it is there, or why not */
export async function keepNobody(tgtadm: Tgtadm, targets: readonly TgtTarget[]): Promise<string | null> {
  if (targets.some(({ iqn }) => iqn === NOBODY)) return null
  const tid = freeTid(targets)
  const made = await tgtadm.call(['--mode', 'target', '--op', 'new', '--tid', String(tid), '--targetname', NOBODY])
  return made.kind === 'ok' ? null : made.detail
}
