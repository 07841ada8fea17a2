/** A REST client of one host: a project's token, and the parts of the answers that tests look at. */
import { isObject } from '../../lib/wire/peer/check.ts'
import { type HttpAnswer, type HttpBroken, http } from './http.ts'

export interface SeenVolume {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly status: string
  readonly sizeGiB: number
  /** `host@backend#pool`, or null while none. */
  readonly pool: string | null
}

export interface SeenAttachment {
  readonly id: string
  readonly volume: string
  readonly status: string
}

export interface SeenConnection {
  readonly portal: string
  readonly iqn: string
  readonly lun: number
  readonly username: string
  readonly password: string
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Client {
  readonly endpoint: string
  readonly project: string
  /** @param path below `/v3/<project>`, or a whole path that starts with `/scoria/` or is `/` */
  ask(method: Method, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer | HttpBroken>
  /** The same, for whoever expects an answer of this status. @throws Unexpected with what came instead */
  call(method: Method, path: string, status: number, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown>
  volume(id: string): Promise<SeenVolume>
  volumes(): Promise<readonly SeenVolume[]>
  attachments(): Promise<readonly SeenAttachment[]>
  connection(attachment: string): Promise<SeenConnection>
  /** What the project uses, as its register says. */
  used(): Promise<{ readonly volumes: number; readonly gigabytes: number }>
  /** What the pools of a host have given out, reservations too, as this host knows. */
  allocatedGiB(host: string): Promise<number>
  /** Texts of the user messages about a volume. */
  messages(volume: string): Promise<readonly string[]>
}

/** Another answer than the one that was expected, or none. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

/** Volumes of one page; more than any test makes. */
const PAGE = 1000

export function createClient(endpoint: string, project: string): Client {
  const ask: Client['ask'] = (method, path, body, headers = {}) =>
    http({
      method,
      url: `${endpoint}${path.startsWith('/scoria/') || path === '/' ? '' : `/v3/${project}`}${path}`,
      headers: { 'x-auth-token': `tester:${project}`, 'openstack-api-version': 'volume 3.71', ...headers },
      body,
    })
  const call: Client['call'] = async (method, path, status, body, headers) => {
    const answer = await ask(method, path, body, headers)
    if (answer.kind === 'answer' && answer.status === status) return answer.body
    throw new Unexpected(`${method} ${path} at ${endpoint}: wanted ${status}, got ${answerText(answer)}`)
  }
  return {
    endpoint,
    project,
    ask,
    call,
    volume: async (id) => volumeIn(at(await call('GET', `/volumes/${id}`, 200), 'volume')),
    volumes: async () => items(await call('GET', `/volumes/detail?limit=${PAGE}`, 200), 'volumes').map(volumeIn),
    attachments: async () => items(await call('GET', `/attachments/detail?limit=${PAGE}`, 200), 'attachments').map(attachmentIn),
    connection: async (id) => connectionIn(at(await call('GET', `/attachments/${id}`, 200), 'attachment')),
    used: async () => {
      const absolute = at(at(await call('GET', '/limits', 200), 'limits'), 'absolute')
      return { volumes: numberAt(absolute, 'totalVolumesUsed'), gigabytes: numberAt(absolute, 'totalGigabytesUsed') }
    },
    allocatedGiB: async (host) =>
      items(await call('GET', '/scheduler-stats/get_pools?detail=true', 200), 'pools')
        .filter((pool) => textAt(pool, 'name').startsWith(`${host}@`))
        .reduce<number>((sum, pool) => sum + numberAt(at(pool, 'capabilities'), 'allocated_capacity_gb'), 0),
    messages: async (volume) =>
      items(await call('GET', `/messages?resource_uuid=${volume}`, 200), 'messages').map((row) => textAt(row, 'user_message')),
  }
}

export function answerText(answer: HttpAnswer | HttpBroken): string {
  return answer.kind === 'answer' ? `${answer.status} ${JSON.stringify(answer.body)}` : `no answer (${answer.why})`
}

export function volumeIn(value: unknown): SeenVolume {
  const pool = isObject(value) ? value['os-vol-host-attr:host'] : null
  return {
    id: textAt(value, 'id'),
    name: textAt(value, 'name'),
    description: textAt(value, 'description'),
    status: textAt(value, 'status'),
    sizeGiB: numberAt(value, 'size'),
    pool: typeof pool === 'string' ? pool : null,
  }
}

export function attachmentIn(value: unknown): SeenAttachment {
  return { id: textAt(value, 'id'), volume: textAt(value, 'volume_id'), status: textAt(value, 'status') }
}

/** From an attachment's answer; what is not connected has empty texts. */
export function connectionIn(attachment: unknown): SeenConnection {
  const info = at(attachment, 'connection_info')
  return {
    portal: textAt(info, 'target_portal'),
    iqn: textAt(info, 'target_iqn'),
    lun: numberAt(info, 'target_lun'),
    username: textAt(info, 'auth_username'),
    password: textAt(info, 'auth_password'),
  }
}

export function at(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}

export function items(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key)
  return Array.isArray(found) ? found : []
}

export function textAt(value: unknown, key: string): string {
  const found = at(value, key)
  return typeof found === 'string' ? found : ''
}

export function numberAt(value: unknown, key: string): number {
  const found = at(value, key)
  return typeof found === 'number' ? found : Number.NaN
}
