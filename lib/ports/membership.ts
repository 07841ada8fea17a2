/** Hosts that go, on an operator's word: the changes of the manifest, made where the cluster's key is. */
import type { Manifest } from '../model/manifest.ts'
import type { StepProblem } from '../model/manifest-steps.ts'

export type MemberProblem =
  | StepProblem
  /** Only the host that ran `init` signs manifests. */
  | { readonly kind: 'no-cluster-key' }
  /** What lies on the lost host alone could never be read, so that the step could never end. */
  | { readonly kind: 'too-few-left'; readonly name: string; readonly voters: number }

/** `manifest`: the one that holds now, or would after a dry run. */
export type MemberChange = { readonly ok: true; readonly manifest: Manifest } | { readonly ok: false; readonly problem: MemberProblem }

export interface Membership {
  /** The next step of the host's leaving; none yet: nothing changes. @throws if the manifest could not be stored */
  leave(name: string, isDryRun: boolean): Promise<MemberChange>
  /** Marks the host as lost for good; it is so already: nothing changes. @throws if the manifest could not be stored */
  lose(name: string, isDryRun: boolean): Promise<MemberChange>
}
