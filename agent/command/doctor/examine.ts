/**
 * Looks at everything that an agent needs of its host, in the order in which a start would come upon it.
 *
 * It changes nothing and may run before there is an agent, beside one, and after one that did not start. What cannot be
 * looked at because of an earlier finding is left out.
 */
import type { Finding } from '../../../lib/model/finding.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { createExec } from '../../system/exec.ts'
import { nodeFinding } from '../../system/start-checks.ts'
import { judgeAgent, judgePeer } from './judge-peers.ts'
import { judgeMachine, judgeService } from './judge-host.ts'
import { judgePort } from './judge-ports.ts'
import { lookAtMachine, unitState } from './look-host.ts'
import { lookAtAgent, lookAtPeers } from './look-peers.ts'
import { lookAtPorts } from './look-ports.ts'
import { lookAtFutureState, lookAtState } from './look-state.ts'
import { lookAtBackends, lookAtTarget, rootIsFor } from './look-storage.ts'
import type { DoctorPlan } from './plan.ts'

const QUIET: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export async function examine({ config, configFile, isMade, finding }: DoctorPlan): Promise<readonly Finding[]> {
  const exec = createExec({ log: QUIET })
  const findings: Finding[] = [nodeFinding(process.version), finding]
  if (config === null) return findings
  findings.push(...judgeMachine(await lookAtMachine(exec), rootIsFor(config)))
  const state = isMade ? await lookAtState(config, configFile) : await lookAtFutureState(config.directory)
  findings.push(...state.findings)
  const self = state.membership?.identity.peerId ?? null
  const agent = await lookAtAgent(config.api, self)
  const ports = await lookAtPorts(config)
  const agentPid = agent.kind === 'runs' || agent.kind === 'guarded' ? ports.apiPid : null
  findings.push(judgeAgent(agent, isMade, configFile))
  if (isMade) findings.push(judgeService(await unitState(exec, 'scoria'), configFile))
  findings.push(...ports.ports.map((port) => judgePort(port, agentPid, 'systemctl restart scoria')))
  findings.push(...(await lookAtBackends(config, isMade, exec)))
  findings.push(...(await lookAtTarget(config, ports, exec)))
  if (state.membership === null || self === null) return findings
  const swarmKeyFile = `${config.directory}/swarm.key`
  const peers = await lookAtPeers(state.membership.signed.manifest, self, agent)
  return [...findings, ...peers.map((peer) => judgePeer(peer, swarmKeyFile))]
}
