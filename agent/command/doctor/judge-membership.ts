/** Whether the files that make a host a member fit each other and the configuration. Pure. */
import { parseMultiaddr, isWildcard } from '../../../lib/config/address.ts'
import type { AgentConfig } from '../../../lib/config/agent-config.ts'
import type { PeerId } from '../../../lib/model/ids.ts'
import { type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'
import { hostOf, type Manifest } from '../../../lib/model/manifest.ts'

/** Header of a swarm key, in the form that libp2p reads; the key follows in base 16. */
const SWARM_KEY = /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\n?$/

export interface MembershipFacts {
  readonly self: PeerId
  readonly manifest: Manifest
  readonly swarmKeyFile: string
  readonly swarmKey: string
  /** The cluster's key lies here, and its public half is another than the one that the manifest is signed with. */
  readonly hasOtherClusterKey: boolean
  readonly configFile: string
  readonly config: Pick<AgentConfig, 'name' | 'peer'>
  /** Of this host. */
  readonly addresses: readonly string[]
}

/** The manifest is signed, and this host is in it: whoever read it has seen to that. */
export function judgeMembership(facts: MembershipFacts): readonly Finding[] {
  const { manifest, config, configFile } = facts
  const self = hostOf(manifest, facts.self)
  const wrong: Finding[] = []
  if (!SWARM_KEY.test(facts.swarmKey))
    wrong.push(
      failure('membership', `${facts.swarmKeyFile} is no swarm key`, `scp ANOTHER-HOST:${facts.swarmKeyFile} ${facts.swarmKeyFile}`),
    )
  if (facts.hasOtherClusterKey)
    wrong.push(
      failure(
        'membership',
        'cluster.key is not the key that cluster.pub is the public half of: this host cannot admit anybody',
        'ls -l *.key *.pub   # restore cluster.key from the copy that you keep offline',
      ),
    )
  if (self?.state === 'lost')
    wrong.push(
      failure(
        'membership',
        `this host was marked as lost (${self.name}): its key is worth nothing any more`,
        'scoria join TOKEN --name NEW-NAME --dir NEW-FOLDER',
      ),
    )
  if (self?.state === 'draining')
    wrong.push(warning('membership', `this host is on its way out (scoria leave ${self.name}): it takes nothing new`, 'scoria host list'))
  if (self !== null && self.name !== config.name)
    wrong.push(
      warning(
        'membership',
        `${configFile} says name ${config.name}, and the cluster knows this host as ${self.name}`,
        `sed -i 's/^name: .*/name: ${self.name}/' ${configFile}`,
      ),
    )
  if (self !== null) wrong.push(...addressFindings(self.addrs, facts))
  if (wrong.length > 0) return wrong
  return [
    fine(
      'membership',
      `${self?.name ?? facts.self} is one of ${manifest.hosts.length} hosts of cluster ${manifest.cluster}; identity, manifest and keys fit each other`,
    ),
  ]
}

/** Others dial what the manifest says: somebody has to listen there. */
function addressFindings(dialled: readonly string[], { config, configFile, addresses }: MembershipFacts): readonly Finding[] {
  if (config.peer.announce.length > 0) return []
  const listening = config.peer.listen.flatMap((text) => parseMultiaddr(text) ?? [])
  const isHeard = dialled.some((text) => {
    const at = parseMultiaddr(text)
    if (at === null) return true
    const isName = !/^[\d.]+$|:/.test(at.host)
    return listening.some(
      ({ host, port }) => port === at.port && (host === at.host || isName || (isWildcard(host) && addresses.includes(at.host))),
    )
  })
  if (isHeard) return []
  return [
    failure(
      'membership',
      `the other hosts dial ${dialled.join(' and ')}, and this one listens on ${config.peer.listen.join(' and ')}`,
      `editor ${configFile}   # peer.listen as the others dial it; or set peer.announce, if something in between translates`,
    ),
  ]
}
