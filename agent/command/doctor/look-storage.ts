/** Looks at what makes volumes and what exports them, with the same looks and judgements that a start demands, and more. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { AgentConfig } from '../../../lib/config/agent-config.ts'
import type { BackendConfig, FileBackendConfig, LvmBackendConfig } from '../../../lib/config/backend-config.ts'
import { assertNever } from '../../../lib/model/invariant.ts'
import { type Finding, fine } from '../../../lib/model/finding.ts'
import type { PlacementOptions } from '../../../lib/model/placement.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { judgeSetAside, judgeVolumesDisk, lookAtFolder, readFolder } from '../../backend/file/check.ts'
import { lookAtPlace, lookAtTools } from '../../backend/lvm/facts.ts'
import { judgeGroup, judgePlace, judgePool, judgeTools } from '../../backend/lvm/judge.ts'
import { poolNamed } from '../../backend/lvm/report.ts'
import { createVolumeGroup } from '../../backend/lvm/volume-group.ts'
import { fileSystemOf, nearest } from '../../system/mounts.ts'
import { lookAtLio, lookAtLioHost } from '../../target/lio/facts.ts'
import { judgeLio, judgeLioHost } from '../../target/lio/judge.ts'
import { lookAtTgt } from '../../target/tgt/facts.ts'
import { judgeTgt } from '../../target/tgt/judge.ts'
import { coversPortal } from '../../target/tgt/show.ts'
import { exists } from '../host-steps.ts'
import { judgeTgtUnit } from './judge-host.ts'
import { judgeTgtPort } from './judge-ports.ts'
import { unitState } from './look-host.ts'
import type { PortsView } from './look-ports.ts'

/** What only root can do, in words; null: nothing. */
export function rootIsFor({ backends, target }: AgentConfig): string | null {
  const parts = [
    ...(backends.some(({ kind }) => kind === 'lvm') ? ['LVM'] : []),
    ...(target.kind === 'lio' ? ['LIO'] : []),
    ...(target.kind === 'tgt' ? ['tgtd'] : []),
  ]
  return parts.length === 0 ? null : parts.join(' and ')
}

/** @param ownFolder of the host: what lies in it is made by `init` or `join` */
export async function lookAtBackends(config: AgentConfig, isMade: boolean, exec: Exec): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const backend of config.backends) findings.push(...(await lookAtBackend(backend, config, isMade, exec)))
  return findings
}

async function lookAtBackend(
  backend: BackendConfig,
  { directory, placement }: AgentConfig,
  isMade: boolean,
  exec: Exec,
): Promise<readonly Finding[]> {
  switch (backend.kind) {
    case 'none':
      return []
    case 'file':
      return await lookAtFiles(backend, isMade ? null : directory)
    case 'lvm':
      return await lookAtLvm(backend, placement, exec)
    default:
      return assertNever(backend)
  }
}

/** @param future folder of a host that is still to be made, with everything that lies in it */
async function lookAtFiles({ path, capacityGiB }: FileBackendConfig, future: string | null): Promise<readonly Finding[]> {
  const there = await nearest(path)
  if (future !== null && path.startsWith(`${future}/`) && there !== path)
    return [
      fine('file-folder', `${path} will be made by scoria init or scoria join`),
      judgeVolumesDisk(await readFolder(there, await fileSystemOf(there)), capacityGiB),
    ]
  const folder = await lookAtFolder(path)
  if (folder.level === 'fail') return [folder]
  const facts = await readFolder(path, await fileSystemOf(path))
  return [folder, judgeVolumesDisk(facts, capacityGiB), judgeSetAside(facts)]
}

async function lookAtLvm(config: LvmBackendConfig, placement: PlacementOptions, exec: Exec): Promise<readonly Finding[]> {
  const wanted = { vg: config.vg, thinPool: config.thinPool, thinPoolGiB: config.thinPoolGiB }
  const tools = judgeTools(await lookAtTools(exec), wanted)
  if (tools.some(({ check, level }) => check === 'lvm-tools' && level === 'fail')) return tools
  const vg = createVolumeGroup({ exec, name: config.vg, isLookOnly: true })
  const seen = await vg.read()
  const group = judgeGroup(seen, wanted)
  if (seen.kind !== 'ok') return [...tools, ...group]
  const place = await lookAtPlace(exec, vg, { isThere: exists, isWritable })
  const pool = config.thinPool === null ? undefined : poolNamed(seen.value, config.thinPool)
  const isJudged = group.some(({ check }) => check === 'lvm-pool')
  const guard = { dataPercentMax: placement.thinDataPercentMax, metadataPercentMax: placement.thinMetadataPercentMax }
  return [
    ...tools,
    ...group,
    ...judgePlace(place, seen.value, wanted),
    ...(pool === undefined || isJudged ? [] : [judgePool(pool, config.vg, guard)]),
  ]
}

/** LVM makes its folder for lists when it is not there. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(await nearest(folder), constants.W_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

export async function lookAtTarget({ target }: AgentConfig, ports: PortsView, exec: Exec): Promise<readonly Finding[]> {
  switch (target.kind) {
    case 'none':
      return []
    case 'lio':
      return [
        ...judgeLio(await lookAtLio(target.portal), target.portal),
        ...judgeLioHost(lookAtLioHost()),
        judgeTgtUnit(await unitState(exec, 'tgt'), 'lio'),
      ]
    case 'tgt': {
      const { controlPort, portal } = target
      const facts = await lookAtTgt(exec, controlPort)
      const judged = judgeTgt(facts, { controlPort, portal })
      const isTgtd = facts.portals?.some((open) => coversPortal(open, portal)) === true
      const hasAddress = judged.every(({ check, level }) => check !== 'portal-address' || level !== 'fail')
      return [
        ...judged,
        ...(hasAddress ? [judgeTgtPort(portal, ports.portal, isTgtd)] : []),
        // Another control port is another tgtd than the one that systemd starts.
        ...(controlPort === 0 ? [judgeTgtUnit(await unitState(exec, 'tgt'), 'tgt')] : []),
      ]
    }
    default:
      return assertNever(target)
  }
}
