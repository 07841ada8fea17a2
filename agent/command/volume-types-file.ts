/** Reads the file of `init --types`: a list of volume types, in Cinder's words. */
import type { VolumeType } from '../../lib/model/volume-type.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { wrongUse } from './command-problem.ts'
import { readConfigFile } from '../system/config-file.ts'
import { systemUuid } from '../system/random.ts'

/**
 * A list of `{name, description?, extra_specs?: {key: value}}`.
 *
 * @throws CommandProblem (usage) that names the entry
 */
export async function readVolumeTypes(file: string): Promise<readonly VolumeType[]> {
  const read = await readConfigFile(file)
  if (!read.ok) throw wrongUse(read.problem)
  if (!Array.isArray(read.json))
    throw wrongUse(`${file} has to be a list of volume types`, 'such as: [{name: fast, extra_specs: {volume_backend_name: ssd}}]')
  const types = read.json.map((entry, index) => typeFrom(entry, `${file}: entry ${index + 1}`))
  const twice = types.find((type, index) => types.findIndex((other) => other.name === type.name) !== index)
  if (twice !== undefined) throw wrongUse(`${file}: two types are named ${twice.name}`)
  return types
}

function typeFrom(entry: unknown, where: string): VolumeType {
  if (!isObject(entry)) throw wrongUse(`${where} is no map of keys`)
  const { name, description, extra_specs: specs, ...others } = entry
  const [unknownKey] = Object.keys(others)
  if (unknownKey !== undefined) throw wrongUse(`${where}: there is no key ${unknownKey}`, 'keys: name, description, extra_specs')
  if (typeof name !== 'string' || name.length === 0 || name.length > 255)
    throw wrongUse(`${where}: name has to be text of 1 to 255 characters`)
  if (description !== undefined && typeof description !== 'string') throw wrongUse(`${where}: description has to be text`)
  return { id: systemUuid(), name, description: description ?? null, extraSpecs: specsFrom(specs, where) }
}

/** YAML reads `<is> True` as text but `true` and `5` as other things; all are text to Cinder. */
function specsFrom(specs: unknown, where: string): Readonly<Record<string, string>> {
  if (specs === undefined) return {}
  if (!isObject(specs)) throw wrongUse(`${where}: extra_specs has to be a map of keys`)
  return Object.fromEntries(
    Object.entries(specs).map(([key, value]) => {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw wrongUse(`${where}: extra_specs.${key} has to be text`)
      return [key, String(value)]
    }),
  )
}
