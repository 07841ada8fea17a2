/**
 * The libp2p node: TCP, a private network, Noise, one gossip topic, and a gate that lets members in and nobody else.
 *
 * libp2p neither decides whom to call nor keeps calling: that is redial.ts. Every limit is written down here, because the
 * defaults of libp2p allow what a cluster of a few dozen known hosts has no use for (reasons beside each).
 */
import './polyfill.ts'
import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { identify } from '@libp2p/identify'
import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { streamMuxer } from './muxer.ts'
import { createLibp2p } from 'libp2p'
import type { Identity } from './identity.ts'
import { swarmDoor } from './swarm-door.ts'

export interface NodeOptions {
  readonly identity: Identity
  readonly swarmKey: Uint8Array
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly topic: string
  /** Number of hosts at the start: up to ten, each beat goes to all of them at once. */
  readonly hosts: number
  /** Asked for each connection, in both directions, as soon as the other side's id is proven. */
  readonly isMember: (peer: string) => boolean
  /** Many hosts on one machine, which may be busy. */
  readonly isDev: boolean
}

const FLOOD_HOSTS_MAX = 10
const PING_INTERVAL_MS = 2000
/** After which a connection is given up, at most. */
const PING_MS_MAX = 15_000
/** On one connection at once, with room for one that is just being closed. */
const PINGS_MAX = Math.ceil(PING_MS_MAX / PING_INTERVAL_MS) + 1

export async function createNode(options: NodeOptions) {
  const { identity, isDev, isMember } = options
  const deny = async (peer: Libp2pPeerId): Promise<boolean> => !isMember(peer.toString())
  return createLibp2p({
    start: false,
    privateKey: identity.privateKey,
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [tcp()],
    connectionProtector: swarmDoor(options.swarmKey),
    connectionEncrypters: [noise()],
    streamMuxers: [streamMuxer()],
    connectionGater: { denyDialPeer: deny, denyInboundEncryptedConnection: deny, denyOutboundEncryptedConnection: deny },
    connectionManager: {
      maxConnections: 300,
      maxParallelDials: 5,
      // counted by address: hosts behind one address must be able to come back all at once
      inboundConnectionThreshold: isDev ? 1000 : 50,
      maxIncomingPendingConnections: isDev ? 200 : 100,
      // unused, since no peer is tagged to be kept; but the defaults of these three do not back off
      reconnectRetries: 5,
      reconnectRetryInterval: 1000,
      reconnectBackoffFactor: 2,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS, pingTimeout: { minTimeout: isDev ? PING_MS_MAX : 5000, maxTimeout: PING_MS_MAX } },
    services: {
      identify: identify(),
      // Whoever is slow to answer has several on the way, and with the default of one the second hangs up on it.
      ping: ping({ maxOutboundStreams: PINGS_MAX, maxInboundStreams: PINGS_MAX }),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        fallbackToFloodsub: false,
        floodPublish: options.hosts <= FLOOD_HOSTS_MAX,
        doPX: false,
        D: 4,
        Dlo: 3,
        Dhi: 6,
        Dscore: 2,
        Dout: 1,
        Dlazy: 3,
        gossipFactor: 0.1,
        idontwantMinDataSize: 1e8,
        heartbeatInterval: isDev ? 300 : 1000,
        // with its default, more than ten peers behind one address are shut out for good
        scoreParams: { IPColocationFactorWeight: 0 },
        globalSignaturePolicy: 'StrictSign',
        allowedTopics: [options.topic],
        decodeRpcLimits: {
          maxSubscriptions: 64,
          maxMessages: 128,
          maxIhaveMessageIDs: 5000,
          maxIwantMessageIDs: 5000,
          maxIdontwantMessageIDs: 512,
          maxControlMessages: 128,
          maxPeerInfos: 16,
        },
        maxInboundDataLength: 1024 ** 2,
        maxOutboundBufferSize: 4 * 1024 ** 2,
      }),
    },
  })
}

export type Node = Awaited<ReturnType<typeof createNode>>
