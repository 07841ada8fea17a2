/**
 * Inviting hosts and letting them in, on the one host that holds the cluster's key.
 *
 * A token works once: the first host that uses it is written down before it is told anything, and only that host gets
 * an answer again when it repeats (its first answer may have been lost). Knocks are answered one at a time, so that two
 * hosts with one token are one host that got in.
 */
import type { SignedManifest } from '../../lib/model/manifest.ts'
import type { Joining } from '../../lib/ports/joining.ts'
import type { Log } from '../../lib/ports/log.ts'
import { formatJoinToken, type JoinAnswer, type JoinRequest, parseJoinRequest, type SealedFrame } from '../../lib/wire/join.ts'
import { admit, type JoinRefusal } from './admission.ts'
import { type InviteRecord, type InviteStore, openInvites, type WriteFileDurably } from './invite-store.ts'
import { type Door, type DoorAddress, type JoinReply, openDoor } from './join-door.ts'
import { isJoinProofValid } from './join-proof.ts'
import { joinKey, seal, unseal } from './join-seal.ts'
import type { ManifestChanges } from './manifest-changes.ts'

export interface JoiningOptions {
  /** Folder of the invitations; it exists. */
  readonly folder: string
  readonly write: WriteFileDurably
  /** Makes manifests; null on every host that does not hold the cluster's key. */
  readonly changes: ManifestChanges | null
  readonly clusterPublicKey: string
  /** The swarm key's file. */
  readonly swarmKey: Uint8Array
  signedManifest(): SignedManifest
  /** Unix milliseconds. */
  clock(): number
  randomBytes(count: number): Uint8Array
  /** Where the door listens, and the address of it that goes into tokens; null: there is no door. */
  readonly door: { readonly listen: DoorAddress; readonly announce: string } | null
  readonly log: Log
}

export interface RunningJoining extends Joining {
  /** One knock at the door. */
  knock(frame: SealedFrame): Promise<JoinReply>
  /** Listens; null where this host invites nobody. @throws if the address is taken */
  startDoor(): Promise<Door | null>
  stop(): Promise<void>
}

export async function createJoining(options: JoiningOptions): Promise<RunningJoining> {
  const { changes } = options
  const invites = changes === null ? null : await openInvites(options.folder, options.write)
  let door: Door | null = null
  let last: Promise<unknown> = Promise.resolve()

  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = last.then(work)
    // The next in line waits for the end of this one, however it ends; the caller hears of the failure.
    last = turn.catch(() => null)
    return turn
  }

  const joining: RunningJoining = {
    signedManifest: () => options.signedManifest(),
    async invite(ttlMs) {
      if (invites === null || options.door === null) return { ok: false, failure: { code: 'no-cluster-key' } }
      const expiresAtMs = options.clock() + ttlMs
      const record: InviteRecord = {
        v: 1,
        id: hex(options.randomBytes(8)),
        secretHex: hex(options.randomBytes(32)),
        expiresAtMs,
        usedBy: null,
      }
      await invites.prune(options.clock())
      await invites.put(record)
      options.log.info('invite-made', { invite: record.id, expiresAtMs })
      return { ok: true, value: { token: formatJoinToken({ ...record, door: options.door.announce }), expiresAtMs } }
    },
    async knock(frame) {
      if (invites === null || changes === null) return { ok: false, failure: { code: 'no-cluster-key' } }
      const reply = await inTurn(() => answerKnock({ ...options, changes }, invites, frame))
      if (!reply.ok) options.log.warn('join-refused', { invite: frame.token, ...reply.failure })
      return reply
    },
    async startDoor() {
      if (changes === null || options.door === null) return null
      door = await openDoor({ listen: options.door.listen, clock: options.clock, log: options.log, knock: joining.knock })
      return door
    },
    async stop() {
      await door?.close()
      await last
    },
  }
  return joining
}

type Admitting = JoiningOptions & { readonly changes: ManifestChanges }

async function answerKnock(options: Admitting, invites: InviteStore, frame: SealedFrame): Promise<JoinReply> {
  const invite = invites.get(frame.token)
  const plain = invite === null ? null : unseal(joinKey(invite.secretHex, invite.id, 'request'), invite.id, frame.sealed)
  // One answer for a token that never was and for a seal that does not open: a stranger learns nothing.
  if (invite === null || plain === null) return refuse({ code: 'token-unknown' })
  const request = parseJoinRequest(plain)
  if (request === null) return refuse({ code: 'bad-request', detail: 'the request is malformed' })
  if (!(await isJoinProofValid(invite.id, request))) return refuse({ code: 'bad-request', detail: 'the proof does not fit the peer id' })
  const failure = useFailure(invite, request, options.clock())
  if (failure !== null) return refuse(failure)
  const admitted = await options.changes.change(async (manifest, prev) => {
    const change = admit(manifest, request, prev)
    // Before the manifest names the host, the token is its own: whoever is refused may try again with the same one.
    if (change.kind !== 'refused' && invite.usedBy === null)
      await invites.put({ ...invite, usedBy: { peer: request.peer, name: request.name } })
    return change
  })
  if (!admitted.ok) return refuse(admitted.refusal)
  if (admitted.isNew)
    options.log.info('host-admitted', { peer: request.peer, host: request.name, invite: invite.id, epoch: admitted.manifest.epoch })
  return { ok: true, frame: sealAnswer(options, invite) }
}

function useFailure(invite: InviteRecord, request: JoinRequest, nowMs: number): JoinRefusal | null {
  if (invite.usedBy !== null) return invite.usedBy.peer === request.peer ? null : { code: 'token-used', by: invite.usedBy.name }
  return nowMs > invite.expiresAtMs ? { code: 'token-expired', expiredAtMs: invite.expiresAtMs } : null
}

function sealAnswer(options: Admitting, invite: InviteRecord): SealedFrame {
  const answer: JoinAnswer = {
    signedManifest: options.signedManifest(),
    clusterPublicKey: options.clusterPublicKey,
    swarmKey: Buffer.from(options.swarmKey).toString('base64'),
  }
  const key = joinKey(invite.secretHex, invite.id, 'answer')
  return { v: 1, token: invite.id, sealed: seal(key, invite.id, answer, options.randomBytes(12)) }
}

const refuse = (failure: JoinRefusal): JoinReply => ({ ok: false, failure })
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
