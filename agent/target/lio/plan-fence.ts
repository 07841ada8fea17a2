/**
 * From what is there to nothing of this export: the steps in order. Pure.
 *
 * The backstore stays while another export of the volume uses it. The target's own folder goes last, so that what a
 * crash leaves is found by its name.
 */
import { volumeOfIqn } from '../iscsi-name.ts'
import { targetPath } from './names.ts'
import type { Present } from './present.ts'
import { emptyOut, removeBackstore, type Step } from './steps.ts'

export function planFence(iqn: string, { target, backstores, siblings }: Present): readonly Step[] {
  const volume = volumeOfIqn(iqn)
  return [
    ...(target === null ? [] : emptyOut(target)),
    ...(volume === null || siblings.length > 0 ? [] : backstores.map(({ kind }) => removeBackstore(kind, volume))),
    ...(target === null ? [] : [{ kind: 'remove', path: targetPath(iqn) } as const]),
  ]
}
