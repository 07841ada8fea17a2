/**
 * Changes to configfs as data: what a plan is made of, and the order in which things are taken away.
 *
 * The kernel lets nothing go that something else links to, so that links go before folders and outer things before
 * inner ones.
 */
import type { BackstoreKind } from './names.ts'
import { backstorePath, targetPath } from './names.ts'
import type { PresentTarget } from './present.ts'

/** `remedy` is what an operator can do if the kernel refuses. The text of a `write` may be a secret: it is never shown. */
export type Step = {
  readonly path: string
  readonly remedy?: string
} /** `isShared`: other exports need it too, so that it may well be there. */ & (
  | { readonly kind: 'make'; readonly isShared?: true }
  | { readonly kind: 'remove' | 'unlink' }
  | { readonly kind: 'write'; readonly text: string }
  | { readonly kind: 'link'; readonly to: string }
)

/** Nobody gets in any more, and every session is closed. */
export function switchOff(target: PresentTarget): readonly Step[] {
  const enabled = target.tpgs.filter(({ isEnabled }) => isEnabled)
  return enabled.map(({ name }) => ({ kind: 'write', path: `${targetPath(target.iqn)}/${name}/enable`, text: '0' }))
}

/** Everything in the target's folder, and not the folder: while it is there, a crash leaves something to be found. */
export function emptyOut(target: PresentTarget): readonly Step[] {
  return [...switchOff(target), ...target.tpgs.flatMap((tpg) => removeTpg(`${targetPath(target.iqn)}/${tpg.name}`, tpg))]
}

export function removeBackstore(kind: BackstoreKind, volume: string): Step {
  const remedy = 'a target that is not Scoria’s exports this volume too: targetcli ls, and take it out there'
  return { kind: 'remove', path: backstorePath(kind, volume), remedy }
}

function removeTpg(path: string, { acls, portals, luns }: PresentTarget['tpgs'][number]): readonly Step[] {
  return [
    ...acls.flatMap((acl) => [...removeLuns(`${path}/acls/${acl.initiator}`, acl.luns), remove(`${path}/acls/${acl.initiator}`)]),
    ...portals.map((portal) => remove(`${path}/np/${portal}`)),
    ...removeLuns(`${path}/lun`, luns),
    remove(path),
  ]
}

function removeLuns(path: string, luns: PresentTarget['tpgs'][number]['luns']): readonly Step[] {
  return luns.flatMap(({ name, links }) => [
    ...links.map((link): Step => ({ kind: 'unlink', path: `${path}/${name}/${link.name}` })),
    remove(`${path}/${name}`),
  ])
}

function remove(path: string): Step {
  return { kind: 'remove', path }
}
