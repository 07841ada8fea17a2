/** Inviting and admitting hosts: only on the host that holds the cluster's key. */
import type { SignedManifest } from '../model/manifest.ts'

export interface Invite {
  /** Opaque text for `scoria join`: single use, names the door and the secret that seals the exchange. */
  readonly token: string
  readonly expiresAtMs: number
}

export type JoiningFailure =
  | { readonly code: 'no-cluster-key' }
  | { readonly code: 'token-unknown' }
  | { readonly code: 'token-expired'; readonly expiredAtMs: number }
  | { readonly code: 'token-used'; readonly by: string }
  | { readonly code: 'name-taken'; readonly name: string }
  | { readonly code: 'bad-request'; readonly detail: string }

export interface Joining {
  /** @throws never; `no-cluster-key` on every host but the one that ran `init` */
  invite(ttlMs: number): Promise<{ readonly ok: true; readonly value: Invite } | { readonly ok: false; readonly failure: JoiningFailure }>
  signedManifest(): SignedManifest
}
