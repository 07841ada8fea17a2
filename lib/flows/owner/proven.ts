/**
 * Whether a certificate proves what it says: a majority of the project's register signed for the grant under one ballot.
 *
 * Only the group that holds now can be told apart from others for sure; a proof by the voters before, or by those of a
 * manifest that has not come yet, proves nothing here. Then the register is asked, which costs a moment and no trust.
 */
import type { Certificate } from '../../model/proof.ts'
import { grantDigest, proofText } from '../../model/proof.ts'
import { majorityOf } from '../../register/home-group.ts'
import { membersOf } from '../group/members.ts'
import type { Peer } from '../tables.ts'

export function isProven(peer: Peer, certificate: Certificate): boolean {
  const { project, proof } = certificate
  const { manifest, signer } = peer.options
  if (proof === null || proof.ballot.group !== manifest.voting.epoch || !proof.grants.includes(grantDigest(certificate))) return false
  const members = membersOf(peer, project)
  const text = proofText(manifest.cluster, project, proof.ballot, proof.grants)
  const signers = new Set<string>()
  for (const vote of proof.votes) {
    if (members.includes(vote.peer) && !signers.has(vote.peer) && signer.verify(vote.peer, text, vote.signature)) signers.add(vote.peer)
  }
  return members.length > 0 && signers.size >= majorityOf(members.length)
}
