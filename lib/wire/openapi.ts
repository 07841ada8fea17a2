/**
 * The description of the API in OpenAPI 3.1, made of the routes that there are and of the schemas that their bodies are
 * checked by: it cannot tell of a call that is not there, or leave one out.
 */
export interface DescribedCall {
  readonly method: string
  /** From the root; parameters as `:name`. */
  readonly path: string
  /** N of 3.N, where the call has microversions. */
  readonly since: number | null
  /** The rule that allows it. */
  readonly action: string
  readonly parameters: readonly (keyof typeof COMPONENTS.parameters)[]
  /** Whether it takes no token. */
  readonly isOpen: boolean
  /** The shape of its errors. */
  readonly fault: keyof typeof COMPONENTS.responses
  /** JSON Schemas of its body, any of which will do; empty: nothing is known of the body. */
  readonly bodies: readonly object[]
}

/** @param version of the program's API */
export function openApi(calls: readonly DescribedCall[], version: string): object {
  const paths = new Map<string, Record<string, object>>()
  for (const call of calls) {
    const path = call.path.replace(PARAMETER, '{$1}')
    const item = paths.get(path) ?? {}
    item[call.method.toLowerCase()] = operation(call)
    paths.set(path, item)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Scoria',
      version,
      description:
        'OpenStack Block Storage v3 below /v3, with microversions, and Scoria’s own calls below /scoria/v1; where the cluster keeps its own users, Keystone’s below /identity, and those of an image service without images below /image. Each path below /v3 is there with the project too: /v3/{project_id}/…',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: Object.fromEntries(paths),
    components: COMPONENTS,
  }
}

const PARAMETER = /:(\w+)/g

const COMPONENTS = {
  securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } },
  parameters: {
    microversion: {
      name: 'OpenStack-API-Version',
      in: 'header',
      description: '`volume 3.N` or `volume latest`; 3.0 if it is left out.',
      schema: { type: 'string' },
    },
    key: {
      name: 'Idempotency-Key',
      in: 'header',
      description: 'A request that is repeated with its key, through whichever host, is done once.',
      schema: { type: 'string', maxLength: 255 },
    },
    subject: {
      name: 'X-Subject-Token',
      in: 'header',
      required: true,
      description: 'The token that is asked about, or taken back.',
      schema: { type: 'string' },
    },
  },
  responses: {
    fault: {
      description: 'Why the call was refused, under the name of its status. docs/errors.md has them all.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/fault' } } },
    },
    keystoneFault: {
      description: 'Why the call was refused, in Keystone’s shape.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/keystoneFault' } } },
    },
  },
  schemas: {
    fault: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'integer' }, message: { type: 'string' } },
      },
    },
    keystoneFault: {
      type: 'object',
      required: ['error'],
      properties: {
        error: {
          type: 'object',
          required: ['code', 'message', 'title'],
          properties: { code: { type: 'integer' }, message: { type: 'string' }, title: { type: 'string' } },
        },
      },
    },
  },
} as const

/** They answer with 300, as Keystone and Glance do. */
const VERSION_LISTS: ReadonlySet<string> = new Set(['/identity', '/image'])

function operation({ method, path, since, action, parameters, isOpen, fault, bodies }: DescribedCall): object {
  const names = [...path.matchAll(PARAMETER)].map((match) => match[1] ?? '')
  // What is sent with a PUT of Keystone's is nothing that is read.
  const hasBody = method === 'POST' || method === 'PATCH' || (method === 'PUT' && fault === 'fault')
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+/g, '_')}${path.endsWith('/') ? 'root' : ''}`,
    tags: [path.split('/')[path.startsWith('/v3') ? 2 : 3] || 'versions'],
    'x-policy': action,
    ...(since === null ? {} : { 'x-since': `3.${since}` }),
    ...(isOpen ? { security: [] } : {}),
    parameters: [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...parameters.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(hasBody ? { requestBody: { content: { 'application/json': { schema: bodySchema(bodies) } } } } : {}),
    responses: {
      ...(VERSION_LISTS.has(path)
        ? { 300: { description: 'The versions that there are.' } }
        : { '2XX': { description: 'Done, or taken on.' } }),
      default: { $ref: `#/components/responses/${fault}` },
    },
  }
}

function bodySchema(bodies: readonly object[]): object {
  const [first, ...others] = bodies
  if (first === undefined) return { type: 'object' }
  return others.length === 0 ? first : { anyOf: bodies }
}
