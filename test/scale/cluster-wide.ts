/**
 * The same ten thousand volumes on three hosts: logs that do not fit in one message, nor in one answer.
 */
import { judged, kilobytes, type Row, seconds } from './cluster-row.ts'
import { ClusterWorld } from './cluster-world.ts'

const PEERS = 3
const VOLUMES_PER_PEER = 3333
const PROJECTS = 100
const JOIN_MS_MAX = 30_000
/** Of what it has in the end; three hosts that all begin to send at once are no fault. */
const RECEIVED_TIMES_MAX = 4

export function measureWideJoin(): readonly Row[] {
  const cluster = new ClusterWorld({ seed: 'wide', peers: PEERS, volumesPerPeer: VOLUMES_PER_PEER, projects: PROJECTS })
  for (const node of cluster.nodes) cluster.start(node)
  cluster.run(10_000)
  const node = cluster.invite()
  cluster.run(10_000)
  cluster.links.traffic.reset()
  cluster.start(node)
  const fullMs = cluster.runUntil(() => node.peer?.view.volumes.size === PEERS * VOLUMES_PER_PEER, 120_000)
  cluster.run(10_000)
  const received = cluster.links.traffic.received.get(node.id)?.bytes ?? 0
  const logs = [...(node.peer?.view.logs.values() ?? [])]
  const records = logs.flatMap((log) => [...log.records.values()])
  const times = received / records.reduce((bytes, record) => bytes + JSON.stringify(record).length, 0)
  return [
    judged('an empty host joins 3 hosts with 3,333 volumes each: has all', seconds(fullMs), '< 30 s', fullMs < JOIN_MS_MAX),
    judged('  it received', `${kilobytes(received)}, ${times.toFixed(1)} times what it has`, '<= 4 times', times <= RECEIVED_TIMES_MAX),
    cluster.links.traffic.judgedLargest(),
    ...cluster.judgedEnd(),
  ]
}
