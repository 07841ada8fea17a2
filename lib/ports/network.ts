/**
 * Messages between peers: one way, in order while a connection lives, possibly lost, never forged.
 *
 * `from` is the peer id that the connection proved. A message to a peer without a connection is dropped and reported
 * at once by `onUnreachable`; a message that was sent may still be lost with the connection.
 */
import type { PeerId } from '../model/ids.ts'
import type { Beat } from '../model/host.ts'
import type { PeerMessage } from '../model/message.ts'

export interface NetworkHandlers {
  onMessage(from: PeerId, message: PeerMessage): void
  /** `message` was not sent: there is no connection to `to`. */
  onUnreachable(to: PeerId, message: PeerMessage): void
  /** Up only after the other side has proven that it is in the manifest and speaks this protocol version. */
  onPeer(peer: PeerId, state: 'up' | 'down'): void
  onBeat(from: PeerId, beat: Beat): void
}

export interface Network {
  send(to: PeerId, message: PeerMessage): void
  /** Gossips; a hint that may be lost. */
  publish(beat: Beat): void
}
