/** YAML in and out of the command line: its configuration file and `-o yaml`. */
import { parse, stringify, YAMLParseError } from 'yaml'

export type ParsedYaml = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 })
}

export function fromYaml(text: string): ParsedYaml {
  try {
    return { ok: true, value: parse(text) }
  } catch (error) {
    if (error instanceof YAMLParseError) return { ok: false, reason: error.message.split('\n')[0] ?? 'no YAML' }
    throw error
  }
}
