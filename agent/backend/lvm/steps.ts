/** What a plan for a volume group is made of: commands, bytes that are zeroed, copied or handed on, and why there is none. */
import type { LvName } from './names.ts'
import type { Ours, Place } from './look-up.ts'

export type Step =
  /** An LVM command that changes something. */
  | { readonly kind: 'lvm'; readonly args: readonly string[] }
  /** Zeroes in place of what is there, on the disk when it ends. */
  | { readonly kind: 'zero'; readonly lv: LvName; readonly fromBytes: number; readonly toBytes: number }
  | { readonly kind: 'copy'; readonly from: LvName; readonly to: LvName; readonly sizeBytes: number }
  /** `from` goes, and `to` grows by the very extents that it had. */
  | { readonly kind: 'give'; readonly from: LvName; readonly to: LvName }

export type Plan =
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'refused'; readonly detail: string }
  /** Somebody has it open: for good, or only to look at what was made a moment ago. */
  | { readonly kind: 'busy'; readonly detail: string }

export const steps = (...list: readonly Step[]): Plan => ({ kind: 'steps', steps: list })
export const refused = (detail: string): Plan => ({ kind: 'refused', detail })
export const busy = (detail: string): Plan => ({ kind: 'busy', detail })
export const lvm = (...args: readonly string[]): Step => ({ kind: 'lvm', args })

export function active(place: Place, { lv }: Ours): readonly Step[] {
  return lv.isActive ? [] : [lvm('lvchange', '--activate', 'y', '--ignoreactivationskip', path(place, lv.name))]
}

export function inUse(place: Place, name: LvName): string {
  return `${path(place, name)} is in use: see what has it open with lsblk /dev/${path(place, name)} and fuser -v /dev/${path(place, name)}`
}

export const path = ({ vg }: Place, name: LvName): string => `${vg}/${name}`
export const added = (tags: readonly string[]): readonly string[] => tags.flatMap((tag) => ['--addtag', tag])
