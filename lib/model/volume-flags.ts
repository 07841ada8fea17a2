/**
 * What is said of a volume beside its name: that nobody writes to it, that a server may boot from it, and what its image was like.
 *
 * Each field is absent until somebody has said something, as in the records of an older version.
 */
export interface VolumeFlags {
  /** No export of it can be written to. It is said only while nobody uses it. */
  readonly readOnly?: boolean
  readonly bootable?: boolean
  /** Never empty. */
  readonly imageMetadata?: Readonly<Record<string, string>>
}

export type FlagEdit =
  | { readonly kind: 'set-read-only'; readonly readOnly: boolean }
  | { readonly kind: 'set-bootable'; readonly bootable: boolean }
  /** null takes an item out. */
  | { readonly kind: 'edit-image'; readonly changes: Readonly<Record<string, string | null>> }

export function editFlags<Of extends VolumeFlags>(volume: Of, edit: FlagEdit): Of {
  switch (edit.kind) {
    case 'set-read-only':
      return { ...volume, readOnly: edit.readOnly }
    case 'set-bootable':
      return { ...volume, bootable: edit.bootable }
    case 'edit-image':
      return withImage(volume, edit.changes)
  }
}

/** What a copy has of its source: it is as bootable, and of the same image. */
export function copiedFlags({ bootable, imageMetadata }: VolumeFlags): VolumeFlags {
  return { ...(bootable === undefined ? {} : { bootable }), ...(imageMetadata === undefined ? {} : { imageMetadata }) }
}

function withImage<Of extends VolumeFlags>(volume: Of, changes: Readonly<Record<string, string | null>>): Of {
  const items = Object.entries({ ...volume.imageMetadata, ...changes }).filter((item): item is [string, string] => item[1] !== null)
  const changed = { ...volume, imageMetadata: Object.fromEntries(items) }
  if (items.length === 0) Reflect.deleteProperty(changed, 'imageMetadata')
  return changed
}
