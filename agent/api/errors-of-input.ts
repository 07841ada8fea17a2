/** Answers to requests whose text is wrong, in Cinder's words where Cinder has them. */
import type { InputFailure, ValueRule } from '../../lib/wire/cinder/input.ts'
import { MICROVERSION_MAX, microversionText } from '../../lib/wire/cinder/microversion.ts'
import type { Rows } from './error-rows.ts'

export const INPUT_ERRORS: Rows<InputFailure> = {
  'bad-microversion': {
    status: 400,
    name: 'InvalidAPIVersionString',
    help: 'The header OpenStack-API-Version has to be `volume 3.N` or `volume latest`.',
    text: (f) => `API Version String '${f.version}' is of invalid format. Must be of format MajorNum.MinorNum.`,
  },
  'unsupported-microversion': {
    status: 406,
    name: 'InvalidGlobalAPIVersion',
    help: 'Ask for a version from 3.0 to 3.71.',
    text: (f) =>
      `Version ${f.version} is not supported by the API. Minimum is ${microversionText(0)} and maximum is ${microversionText(MICROVERSION_MAX)}.`,
  },
  'malformed-body': {
    status: 400,
    name: 'MalformedRequestBody',
    help: 'The body is missing or is not the JSON object that the call takes.',
    text: () => 'Malformed request body',
  },
  'missing-key': {
    status: 400,
    name: 'ValidationError',
    help: 'A required key is missing.',
    text: (f) =>
      `Invalid input for field/attribute ${f.path || 'body'}. ${f.keys.map((key) => `'${key}' is a required property`).join(', ')}`,
  },
  'unknown-key': {
    status: 400,
    name: 'ValidationError',
    help: 'The call does not have this key in this microversion.',
    text: (f) =>
      `Invalid input for field/attribute ${f.path || 'body'}. Additional properties are not allowed (${f.keys.map((key) => `'${key}'`).join(', ')} unexpected)`,
  },
  'one-of': {
    status: 400,
    name: 'InvalidInput',
    help: 'Several keys say the same thing in different ways, and one of them is needed, and no second one.',
    text: (f) =>
      f.keys.length === 1
        ? `Invalid input received: ${f.keys.map(capitalized).join()} field is missing.`
        : `Invalid input received: One and only one of ${f.keys.join(' and ')} must be set.`,
  },
  'bad-value': {
    status: 400,
    name: 'ValidationError',
    help: 'A value has the wrong type, form or size.',
    text: (f) => `Invalid input for field/attribute ${f.path || 'body'}. Value: ${f.value}. ${ruleText(f.value, f.rule)}`,
  },
  'unknown-action': {
    status: 400,
    name: 'NoSuchAction',
    help: 'Scoria does not have this action.',
    text: (f) => `There is no such action: ${f.action}`,
  },
  'not-supported': {
    status: 400,
    name: 'NotSupported',
    help: 'Cinder has this, Scoria has not (yet). Nothing was created.',
    text: (f) => notSupportedText(f.feature),
  },
  'bad-query': {
    status: 400,
    name: 'InvalidInput',
    help: 'A query parameter is wrong.',
    text: (f) => `Invalid input received: query parameter ${f.parameter} ${f.rule}.`,
  },
  'unknown-filter': {
    status: 400,
    name: 'InvalidFilters',
    help: 'The list cannot be filtered by this, or only by administrators. `GET resource_filters` says what there is.',
    text: (f) => `Invalid filters ${f.filters.join(',')} are found in query options.`,
  },
}

function notSupportedText(feature: string): string {
  if (feature === 'multiattach')
    return 'Invalid input received: the multiattach parameter is not supported. Use a volume type with the extra spec multiattach="<is> True".'
  return `Invalid input received: ${feature} is not supported here.`
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

function ruleText(value: string, rule: ValueRule): string {
  switch (rule.kind) {
    case 'minimum':
      return `${value} is less than the minimum of ${rule.limit}`
    case 'maximum':
      return `${value} is greater than the maximum of ${rule.limit}`
    case 'too-long':
      return `It is too long: at most ${rule.limit} characters`
    case 'too-short':
      return `It is too short: at least ${rule.limit}`
    case 'form':
      return `It does not match ${rule.wanted}`
    default:
      return `It is not of type ${rule.wanted || 'that the call takes'}`
  }
}
