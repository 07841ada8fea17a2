/**
 * A change of what a volume is called and labelled with.
 *
 * `metadata` replaces all of it; `metadataChanges` puts single keys (or takes them out: null) into whatever is there when
 * the change is made, so that two clients that set different keys at once both succeed.
 */
export interface TextEdit {
  readonly name?: string | null
  readonly description?: string | null
  readonly metadata?: Readonly<Record<string, string>>
  readonly metadataChanges?: Readonly<Record<string, string | null>>
}

interface Labelled {
  readonly name: string | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
}

export function editText<Value extends Labelled>(value: Value, edit: TextEdit): Value {
  const metadata = new Map(Object.entries(edit.metadata ?? value.metadata))
  for (const [key, to] of Object.entries(edit.metadataChanges ?? {})) {
    if (to === null) metadata.delete(key)
    else metadata.set(key, to)
  }
  const { name = value.name, description = value.description } = edit
  return { ...value, name, description, metadata: Object.fromEntries(metadata) }
}
