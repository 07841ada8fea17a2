/**
 * Who asks: a project and the token of an admin of it. Without an identity both are but a name; where the cluster keeps its
 * own users they are made, and he logs in.
 */
import { type HttpAddress, HttpConnection } from './http-connection.ts'

export interface Caller {
  /** As it stands in paths. */
  readonly project: string
  readonly token: string
}

/** How a cluster knows who calls. */
export type BenchAuth = 'none' | 'builtin'

export const AUTHS: readonly BenchAuth[] = ['none', 'builtin']

/** What is added to a figure's name. */
export function withAuth(what: string, auth: BenchAuth): string {
  return auth === 'none' ? what : `${what}, with a token of the cluster's own`
}

/** Where whoever asks is who he says he is. */
export const anybody = (project: string): Caller => ({ project, token: `bench:${project}` })

const PASSWORD = 'a password of the benchmark'

/** @param admin token by which users may be made */
export async function newUser(address: HttpAddress, admin: string, name: string): Promise<Caller> {
  const connection = await HttpConnection.open(address)
  const call = async (method: 'POST' | 'PUT', path: string, body: object): Promise<Called> => {
    const { status, head, body: bytes } = await connection.ask(requestBytes(method, `/identity/v3${path}`, admin, body))
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${bytes}`)
    return { head, body: bytes.length === 0 ? null : JSON.parse(bytes.toString()) }
  }
  const project = idIn((await call('POST', '/projects', { project: { name } })).body, 'project')
  const user = idIn((await call('POST', '/users', { user: { name, password: PASSWORD } })).body, 'user')
  await call('PUT', `/projects/${project}/users/${user}/roles/admin`, {})
  const identity = { methods: ['password'], password: { user: { id: user, password: PASSWORD } } }
  const { head } = await call('POST', '/auth/tokens', { auth: { identity, scope: { project: { id: project } } } })
  connection.close()
  const token = /^x-subject-token: *(\S+)/im.exec(head)?.[1]
  if (token === undefined) throw new Error('a login was answered without a token')
  return { project, token }
}

interface Called {
  readonly head: string
  readonly body: Readonly<Record<string, { readonly id: string }>> | null
}

function idIn(body: Called['body'], key: string): string {
  const id = body?.[key]?.id
  if (id === undefined) throw new Error(`an answer names no ${key}`)
  return id
}

/** A request that shows this token, ready to be written. */
export function requestBytes(method: 'GET' | 'POST' | 'PUT', path: string, token: string, body: object | null = null): Buffer {
  const text = body === null ? '' : JSON.stringify(body)
  const length = body === null ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: ${token}\r\n${length}\r\n${text}`)
}
