/** A volume type: a name for a set of demands on a pool. The founding ones are part of the signed manifest; see catalogue.ts for the others. */
export interface VolumeType {
  /** UUID */
  readonly id: string
  readonly name: string
  readonly description: string | null
  /** Demands, in Cinder's operator language (docs/decisions on placement). */
  readonly extraSpecs: Readonly<Record<string, string>>
}

/** The type that a create without one gets. Cinder's own name for it. */
export const DEFAULT_TYPE_NAME = '__DEFAULT__'

/** True if the type lets two attachments live at once (`multiattach: "<is> True"`). */
export function allowsMultiattach(type: VolumeType | null): boolean {
  return type?.extraSpecs['multiattach'] === '<is> True'
}
