/**
 * COMMIT: the register has bound a request to a reservation of this host, or so somebody says.
 *
 * Nothing is built on a word: without a proof that this host can check, the register is asked. A grant that the journal
 * does not know at all is looked up there in any case.
 */
import type { PeerId, RequestId } from '../../model/ids.ts'
import type { Certificate } from '../../model/proof.ts'
import { type Out, send } from '../out.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { askToAdopt } from './adopt.ts'
import { commitNew } from './group-build.ts'
import { isProven } from './proven.ts'
import { openReservation, resolve } from './reserve.ts'
import { commitRoom } from './room.ts'

export function onCommit(peer: Peer, out: Out, from: PeerId, certificate: Certificate, now: Now): void {
  if (certificate.host !== peer.self) return
  const { rid, volume, reservation } = certificate
  const owned = peer.owned.get(volume)
  const open = owned === undefined ? null : openReservation(owned)
  if (owned !== undefined && open?.rid === rid && open.reservation === reservation) {
    if (open.project !== certificate.project || !isProven(peer, certificate)) return resolve(peer, out, owned, now)
    if (owned.pending !== null) return commitRoom(peer, out, owned, from, now)
    commitNew(peer, out, owned, now)
  } else if (!isSettled(peer, rid, owned)) askToAdopt(peer, out, certificate)
  send(out, from, { kind: 'committed', rid })
}

/** True if this host's journal explains the grant: it is at work, has ended, or is about to be folded. */
function isSettled(peer: Peer, rid: RequestId, owned: Owned | undefined): boolean {
  return owned?.volume.rid === rid || owned?.pending?.rid === rid || peer.settled.has(rid) || peer.results.has(rid)
}
