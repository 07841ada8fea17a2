/**
 * A host that tells owners that a register has bound what they hold in reserve, and has only its own key to sign with.
 *
 * It hears of a reservation when it is granted, which is the moment at which a lie does most harm.
 */
import type { PeerId } from '../../lib/model/ids.ts'
import type { Ballot } from '../../lib/model/ballot.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import type { Certificate } from '../../lib/model/proof.ts'
import { grantDigest, type Proof, proofText } from '../../lib/model/proof.ts'
import { homeGroup } from '../../lib/register/home-group.ts'
import { judge } from '../../lib/wire/peer/judge.ts'
import type { Hits } from './hits.ts'
import type { Network } from './network.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import { simSigner } from './signer.ts'
import type { World } from './world.ts'

/** Until the lie arrives, at most. */
const DELAY_MS_MAX = 20

export class Forger {
  readonly #random: Random
  readonly #world: World
  readonly #hits: Hits
  readonly #rate: number
  readonly #requests = new Map<string, Extract<PeerMessage, { kind: 'reserve' }>>()

  constructor({ random, world, hits, rate }: { random: Random; world: World; hits: Hits; rate: number }) {
    this.#random = random
    this.#world = world
    this.#hits = hits
    this.#rate = rate
  }

  onSend(nodes: readonly SimNode[], network: Network, from: PeerId, message: PeerMessage): void {
    if (this.#rate === 0) return
    if (message.kind === 'reserve') this.#requests.set(message.rid, message)
    if (message.kind !== 'reserved' || !this.#random.chance(this.#rate)) return
    const request = this.#requests.get(message.rid)
    if (request === undefined) return
    const { project, id: volume } = request.spec
    const others = nodes.filter(({ id, manifest }) => id !== from && !isMajority(id, homeGroup(manifest, project)))
    if (others.length === 0) return
    const liar = this.#random.pick(others)
    const grant = { project, rid: message.rid, volume, host: from, reservation: message.reservation }
    const certificate = { ...grant, proof: this.#random.chance(0.3) ? null : forgedProof(liar, grant) }
    this.#world.schedule(this.#random.below(DELAY_MS_MAX), () => {
      // Of a host that is out, or under another manifest, nothing is even read.
      const owner = nodes.find(({ id }) => id === from)
      if (owner === undefined || judge(owner.manifest, liar.id, liar.manifest) !== 'taken') return
      this.#hits.add('client: forged grant')
      network.deliver(liar.id, from, { kind: 'commit', certificate })
    })
  }
}

/** The only member of a group may say what it likes. */
function isMajority(id: PeerId, group: readonly PeerId[]): boolean {
  return group.length === 1 && group.includes(id)
}

/** All members seem to have signed; one has. */
function forgedProof({ id, manifest }: SimNode, grant: Omit<Certificate, 'proof'>): Proof {
  const ballot: Ballot = { group: manifest.voting.epoch, counter: 1, peer: id, epoch: 1 }
  const grants = [grantDigest(grant)]
  const signature = simSigner(id).sign(proofText(manifest.cluster, grant.project, ballot, grants))
  const members = homeGroup(manifest, grant.project)
  return { ballot, grants, votes: [id, id, ...members].map((peer) => ({ peer, signature })) }
}
