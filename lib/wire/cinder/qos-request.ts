/**
 * Bodies of the calls about QoS specs: `{"qos_specs": {"name": …, "consumer": …, key: value …}}` and `{"keys": […]}`.
 *
 * Keys: letters, digits, blanks and `-_:.`; values up to 255 characters. `name` and `consumer` are no specs.
 */
import Type from 'typebox'
import type { QosConsumer, QosEdit, QosSpecs } from '../../model/qos.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

const CONSUMERS: readonly QosConsumer[] = ['front-end', 'back-end', 'both']

const Texts = Type.Record(Type.String(), Type.String({ maxLength: 255 }), {
  propertyNames: Type.String({ pattern: '^(?!__proto__$)[a-zA-Z0-9_:. -]{1,255}$' }),
})
const specsShape = shape(Type.Object({ qos_specs: Texts }, { additionalProperties: false }))
const keysShape = shape(
  Type.Object(
    { keys: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { uniqueItems: true, maxItems: 1000 }) },
    { additionalProperties: false },
  ),
)

export function parseCreateQos(body: unknown): Parsed<Omit<QosSpecs, 'id'>> {
  const parsed = specsShape.parse(body)
  if (!parsed.ok) return parsed
  const { name: given, consumer: word = 'back-end', ...specs } = parsed.value.qos_specs
  if (given === undefined) return refused({ code: 'missing-key', path: 'qos_specs', keys: ['name'] })
  const name = given.trim()
  if (name === '')
    return refused({ code: 'bad-value', path: 'qos_specs.name', value: given.slice(0, 80), rule: { kind: 'too-short', limit: 1 } })
  const consumer = consumerOf(word)
  return consumer.ok ? accepted({ name, consumer: consumer.value, specs }) : consumer
}

/** The name stays. */
export function parseUpdateQos(body: unknown): Parsed<QosEdit> {
  const parsed = specsShape.parse(body)
  if (!parsed.ok) return parsed
  const { consumer: word, ...specs } = parsed.value.qos_specs
  if (specs['name'] !== undefined) return refused({ code: 'unknown-key', path: 'qos_specs', keys: ['name'] })
  if (word === undefined) return accepted({ specs })
  const consumer = consumerOf(word)
  return consumer.ok ? accepted({ consumer: consumer.value, specs }) : consumer
}

export function parseQosKeys(body: unknown): Parsed<readonly string[]> {
  const parsed = keysShape.parse(body)
  return parsed.ok ? accepted(parsed.value.keys) : parsed
}

function consumerOf(word: string): Parsed<QosConsumer> {
  const consumer = CONSUMERS.find((one) => one === word)
  if (consumer !== undefined) return accepted(consumer)
  const rule = { kind: 'form', wanted: CONSUMERS.join(', ') } as const
  return refused({ code: 'bad-value', path: 'qos_specs.consumer', value: word.slice(0, 80), rule })
}
