/**
 * Makes manifests on the host that holds the cluster's key, one after the other.
 *
 * Each change is decided on the manifest that the one before it made, and the next is looked at only when that one is on
 * stable storage: no two manifests share an epoch, whoever asks for them (the door, an operator, the step that is done).
 */
import { hashHex } from '../../lib/model/hash.ts'
import { invariant } from '../../lib/model/invariant.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Manifest, SignedManifest } from '../../lib/model/manifest.ts'

export type Change<Refusal> =
  | { readonly kind: 'next'; readonly manifest: Manifest }
  /** It is so already. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** `manifest`: the one that holds now. */
export type Changed<Refusal> =
  | { readonly ok: true; readonly manifest: Manifest; readonly isNew: boolean }
  | { readonly ok: false; readonly refusal: Refusal }

/** @param prev hash of the manifest that holds, for the next one */
export type Decide<Refusal> = (manifest: Manifest, prev: string) => Change<Refusal> | Promise<Change<Refusal>>

export interface ManifestChanges {
  /** @throws if the next manifest could not be stored; then the one before it holds */
  change<Refusal>(decide: Decide<Refusal>): Promise<Changed<Refusal>>
  /** Resolves when none is under way. */
  idle(): Promise<void>
}

export interface ManifestChangesOptions {
  /** Signs with the cluster's key. */
  readonly sign: (manifest: Manifest) => SignedManifest
  readonly signedManifest: () => SignedManifest
  /** Takes a newer manifest; resolves when it is on stable storage here. */
  readonly onManifest: (signed: SignedManifest) => Promise<void>
}

export function createManifestChanges({ sign, signedManifest, onManifest }: ManifestChangesOptions): ManifestChanges {
  let last: Promise<unknown> = Promise.resolve()

  async function make<Refusal>(decide: Decide<Refusal>): Promise<Changed<Refusal>> {
    const { manifest } = signedManifest()
    const change = await decide(manifest, manifestHash(manifest))
    if (change.kind === 'refused') return { ok: false, refusal: change.refusal }
    if (change.kind === 'unchanged') return { ok: true, manifest, isNew: false }
    await onManifest(sign(change.manifest))
    const now = signedManifest().manifest
    invariant(now.epoch >= change.manifest.epoch, 'a manifest that was stored holds')
    return { ok: true, manifest: now, isNew: true }
  }

  return {
    change(decide) {
      const turn = last.then(() => make(decide))
      // The next in line waits for the end of this one, however it ends; the caller hears of the failure.
      last = turn.catch(() => null)
      return turn
    },
    async idle() {
      await last
    },
  }
}

/** Names a manifest in the one after it. */
export function manifestHash(manifest: Manifest): string {
  return hashHex(canonicalJson(manifest))
}
