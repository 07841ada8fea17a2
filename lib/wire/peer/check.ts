/**
 * Small checks that put together say whether a parsed JSON value has the shape of a type.
 *
 * `shape` and `variants` take one check for each field or kind that the compiler knows of the type, so that a field added
 * to the model does not compile until somebody has said what may arrive in it. Fields that nobody knows are ignored: an
 * older peer must be able to read a newer one.
 */
export type Check = (value: unknown) => boolean

type Fields = { readonly [key: string]: unknown }

/** True for a JSON object; arrays are none. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object with these fields. An absent field is checked as `undefined`. */
export function shape<T>(fields: { readonly [Key in keyof Required<T>]: Check }): Check {
  const checks = Object.entries<Check>(fields)
  return (value) => isObject(value) && checks.every(([key, check]) => check(Object.hasOwn(value, key) ? value[key] : undefined))
}

/** One of several shapes, told apart by `kind`. */
export function variants<T extends { readonly kind: string }>(
  kinds: {
    readonly [Kind in T['kind']]: Omit<{ readonly [Key in keyof Required<Extract<T, { readonly kind: Kind }>>]: Check }, 'kind'>
  },
): Check {
  const checks = new Map(Object.entries<object>(kinds).map(([kind, fields]) => [kind, shape(fields)]))
  return (value) => isObject(value) && typeof value['kind'] === 'string' && (checks.get(value['kind'])?.(value) ?? false)
}

export const text = (charsMax: number): Check => {
  return (value) => typeof value === 'string' && value.length <= charsMax
}

export const pattern = (expression: RegExp, charsMax: number): Check => {
  return (value) => typeof value === 'string' && value.length <= charsMax && expression.test(value)
}

export const oneOf = (...words: readonly string[]): Check => {
  return (value) => typeof value === 'string' && words.includes(value)
}

/** A whole number of at least `least`, exact in a double. */
export const integer = (least: number): Check => {
  return (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= least
}

export const bool: Check = (value) => typeof value === 'boolean'

export const anyJson: Check = (value) => value !== undefined

export const nullable = (check: Check): Check => {
  return (value) => value === null || check(value)
}

export const optional = (check: Check): Check => {
  return (value) => value === undefined || check(value)
}

export const list = (check: Check, itemsMax: number): Check => {
  return (value) => Array.isArray(value) && value.length <= itemsMax && value.every(check)
}

export const pair = (first: Check, second: Check): Check => {
  return (value) => Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1])
}

/** An object used as a map: any keys up to 255 characters, one check for every value. */
export const mapOf = (check: Check, itemsMax: number): Check => {
  return (value) => {
    if (!isObject(value)) return false
    const entries = Object.entries(value)
    return entries.length <= itemsMax && entries.every(([key, item]) => key.length <= 255 && check(item))
  }
}
