/**
 * Scoria's own calls about orphans: what lies on hosts and belongs to nobody, and giving it an owner again.
 *
 * Each host is asked now. One that does not answer, or cannot look, is named in the answer: its silence says nothing of what lies there.
 */
import type { HostFinds, HostLook } from '../../lib/model/existing.ts'
import { compareText, parseProjectId, type PeerId } from '../../lib/model/ids.ts'
import { hostName, hostNamed } from '../../lib/model/manifest.ts'
import { hindranceText } from '../../lib/wire/cinder/manageable.ts'
import { parseAdoptOrphan } from '../../lib/wire/cinder/manage-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { managedBefore, takeIn } from './manage.ts'
import { lookAtPool } from './pool-look.ts'

export const orphanRoutes: readonly Route[] = [
  { method: 'GET', path: '/orphans', since: 0, action: 'scoria:read', handle: list },
  { method: 'POST', path: '/orphans/adopt', since: 0, action: 'scoria:adopt', handle: adopt },
]

type Thing = HostFinds['things'][number]

async function list(edge: Edge, call: Call): Promise<Answer> {
  const manifest = edge.service.manifest()
  const { host: name } = call.query
  const named = name ? hostNamed(manifest, name) : null
  if (name && named === null) return failed({ code: 'item-not-found', kind: 'Host', id: name.slice(0, 255) })
  const { result } = await edge.service.ask({ kind: 'look', host: named?.peer ?? null })
  if (!result.ok) return failed(result.failure)
  const { looks, silent } = result.value
  const nameOf = (peer: PeerId): string => hostName(manifest, peer)
  const unseen = [
    ...silent.map((peer) => ({ host: nameOf(peer), reason: 'no answer' })),
    ...looks.flatMap(({ host, look }) => (look.ok ? [] : [{ host: nameOf(host), reason: look.detail }])),
  ]
  const orphans = looks.flatMap(({ host, look }) => orphansOf(nameOf(host), look))
  const cut = looks.flatMap(({ host, look }) => (look.ok && look.finds.isCut ? [nameOf(host)] : []))
  return answer(200, { orphans, unseen: unseen.toSorted((a, b) => compareText(a.host, b.host)), cut })
}

function orphansOf(host: string, look: HostLook): readonly object[] {
  if (!look.ok) return []
  const { things, exports } = look.finds
  return [
    ...things.filter(isOrphan).map((thing) => orphanBody(host, thing)),
    ...exports.map((name) => ({ kind: 'export', host, pool: null, name, size_bytes: null, since_ms: null, was: null, reason: EXPORT })),
  ]
}

const EXPORT = 'no record has it: its host cuts it off at its next look, and tries again while the target refuses'

/** Ours once, or half ours; what others laid into a pool is theirs. */
function isOrphan({ former, hindrance }: Thing): boolean {
  return former !== null || hindrance === 'tagged'
}

function orphanBody(host: string, { pool, name, sizeBytes, sinceMs, former, hindrance }: Thing): object {
  const kind = former?.snapshot == null ? 'volume' : 'snapshot'
  const reason = hindrance === null ? null : hindranceText(hindrance)
  return { kind, host, pool, name, size_bytes: sizeBytes, since_ms: sinceMs, was: former, reason }
}

/** A volume of it, with an id of its own: the old one may be known elsewhere, and no id is used twice. */
async function adopt(edge: Edge, call: Call): Promise<Answer> {
  const parsed = parseAdoptOrphan(call.body)
  if (!parsed.ok) return failed(parsed.failure)
  const { pool, source, project: named, name } = parsed.value
  const looked = await lookAtPool(edge, pool)
  if (!looked.ok) return failed(looked.failure)
  const thing = looked.things.find((one) => one.name === source)
  if (thing === undefined) return managedBefore(edge, call, { pool, source, isBootable: false })
  const project = named === null ? (thing.former?.project ?? null) : parseProjectId(named)
  if (project === null) return failed({ code: 'orphan-unowned', name: source })
  const metadata = thing.former === null ? {} : { scoria_was: thing.former.snapshot ?? thing.former.volume }
  const wanted = { pool, source, name, description: null, type: null, zone: null, metadata, isBootable: false }
  return takeIn(edge, call, { wanted, thing, place: looked.place, project })
}
