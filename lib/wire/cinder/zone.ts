/** Availability zones: a zone is available while one of its hosts is. */
import type { HostView } from '../../model/host.ts'
import { compareText } from '../../model/ids.ts'

export function zonesBody(hosts: readonly HostView[]): object {
  const zones = [...new Set(hosts.map((host) => host.zone))].sort(compareText)
  const isUp = (zone: string): boolean => hosts.some((host) => host.zone === zone && (host.state === 'up' || host.state === 'full'))
  return { availabilityZoneInfo: zones.map((zone) => ({ zoneName: zone, zoneState: { available: isUp(zone) } })) }
}
