/**
 * The kernel's switches that an export depends on, each with its value and the reason. Compared at every look.
 *
 * The rest is left as the kernel has it: what costs speed and no safety is the operator's.
 */
import type { BackstoreKind } from './names.ts'

export type Attributes = Readonly<Record<string, string>>

/** Of the portal group. Only the access list lets in, and only with CHAP; who is not on it does not even hear of the target. */
export const TPG_ATTRIBUTES: Attributes = {
  authentication: '1',
  generate_node_acls: '0',
  cache_dynamic_acls: '0',
  demo_mode_write_protect: '1',
  demo_mode_discovery: '0',
}

/** Of the backstore. */
export function backstoreAttributes(kind: BackstoreKind): Attributes {
  const shared = {
    // Copies between LUNs that the initiator names by their ids: one tenant's would be within reach of another's.
    emulate_3pc: '0',
    // A block that was written once stays the volume's: writing it again can't fail for want of room in a pool that others filled.
    emulate_tpu: '0',
    emulate_tpws: '0',
    // "On the disk before you answer" is obeyed.
    emulate_fua_write: '1',
  }
  // A file is written through the page cache. The initiator hears of a cache and flushes it; without it, it would not.
  // A block device tells of its own cache, and takes no order here.
  return kind === 'fileio' ? { ...shared, emulate_write_cache: '1' } : shared
}

export const TPG_ATTRIBUTE_NAMES: readonly string[] = Object.keys(TPG_ATTRIBUTES)
export const BACKSTORE_ATTRIBUTE_NAMES: readonly string[] = Object.keys(backstoreAttributes('fileio'))

/** The entries that are not as wanted. */
export function differing(present: Attributes, wanted: Attributes): readonly (readonly [string, string])[] {
  return Object.entries(wanted).filter(([name, value]) => present[name] !== value)
}
