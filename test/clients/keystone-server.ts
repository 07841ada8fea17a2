/**
 * Debian's own Keystone, in a folder of its own: its database, its keys, its log; served on loopback by the program that
 * the package brings for tests. No service of the system is made, and nothing is left when it is stopped.
 *
 * Package: python3-keystone (npm run setup installs it).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const ADMIN_PASSWORD = 'bootstrapped'

export class KeystoneServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'scoria-keystone-'))
  readonly #port: number
  #child: ChildProcess | null = null
  readonly #killNow = (): void => void this.#child?.kill('SIGKILL')

  private constructor(port: number) {
    this.#port = port
  }

  /** Makes it and starts it; half a minute. */
  static async make(): Promise<KeystoneServer> {
    const server = new KeystoneServer(await freePort())
    try {
      await server.#prepare()
      await server.start()
    } catch (error) {
      await server.remove()
      throw error
    }
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v3`
  }

  async start(): Promise<void> {
    const child = spawn('keystone-wsgi-public', ['-b', '127.0.0.1', '-p', String(this.#port)], {
      env: this.#env(),
      stdio: ['ignore', 'ignore', openSync(join(this.#folder, 'stderr.log'), 'a')],
    })
    this.#child = child
    process.once('exit', this.#killNow)
    for (;;) {
      if (child.exitCode !== null) throw new Error(`Keystone ended with ${child.exitCode}; see ${this.#folder}`)
      if (await isThere(this.url)) return
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    process.off('exit', this.#killNow)
    if (child === null || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #prepare(): Promise<void> {
    const keys = ['fernet', 'credential'].map((name) => join(this.#folder, name))
    for (const folder of keys) mkdirSync(folder, { mode: 0o700 })
    writeFileSync(
      join(this.#folder, 'keystone.conf'),
      [
        `[DEFAULT]\nlog_dir = ${this.#folder}`,
        `[database]\nconnection = sqlite:///${join(this.#folder, 'keystone.db')}`,
        '[token]\nprovider = fernet',
        `[fernet_tokens]\nkey_repository = ${keys[0]}`,
        `[credential]\nkey_repository = ${keys[1]}`,
        '[identity]\npassword_hash_rounds = 4',
        '[cache]\nenabled = false\n',
      ].join('\n'),
    )
    const user = ['--keystone-user', 'root', '--keystone-group', 'root']
    await this.#manage('db_sync')
    // Keystone keeps readers open; without a write-ahead log its next write would find the database locked.
    const walled = `import sqlite3; sqlite3.connect('${join(this.#folder, 'keystone.db')}').execute('PRAGMA journal_mode=WAL')`
    await promisify(execFile)('python3', ['-c', walled], { env: this.#env() })
    await this.#manage('fernet_setup', ...user)
    await this.#manage(
      'bootstrap',
      '--bootstrap-password',
      ADMIN_PASSWORD,
      '--bootstrap-public-url',
      this.url,
      '--bootstrap-region-id',
      'one',
    )
  }

  async #manage(...args: readonly string[]): Promise<void> {
    await promisify(execFile)('keystone-manage', ['--config-dir', this.#folder, ...args], { env: this.#env(), timeout: 120_000 })
  }

  #env(): Record<string, string> {
    return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: this.#folder, LC_ALL: 'C.UTF-8', OS_KEYSTONE_CONFIG_DIR: this.#folder }
  }
}

async function isThere(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch (error) {
    // Nobody listens yet.
    if (error instanceof TypeError) return false
    throw error
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const bound = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

/** An administrator's hands on Keystone's own API. */
export class KeystoneAdmin {
  readonly #url: string
  readonly #token: string

  private constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  static async login(url: string): Promise<KeystoneAdmin> {
    return new KeystoneAdmin(url, await tokenFor(url, { user: 'admin', password: ADMIN_PASSWORD, project: 'admin' }))
  }

  async make(kind: 'project' | 'user' | 'role' | 'service' | 'endpoint', facts: object): Promise<string> {
    const body: unknown = await this.#send('POST', `/${kind}s`, { [kind]: facts })
    const made = (body as Readonly<Record<string, { readonly id: string }>>)[kind]
    if (made === undefined) throw new Error(`${kind} was not made: ${JSON.stringify(body)}`)
    return made.id
  }

  async roleNamed(name: string): Promise<string> {
    const body = (await this.#send('GET', `/roles?name=${name}`)) as { readonly roles: readonly { readonly id: string }[] }
    return body.roles[0]?.id ?? (await this.make('role', { name }))
  }

  async grant(role: string, user: string, project: string): Promise<void> {
    await this.#send('PUT', `/projects/${project}/users/${user}/roles/${await this.roleNamed(role)}`)
  }

  async revoke(token: string): Promise<void> {
    await this.#send('DELETE', '/auth/tokens', undefined, { 'x-subject-token': token })
  }

  async #send(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { 'x-auth-token': this.#token, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
}

export interface Who {
  readonly user: string
  readonly password: string
  readonly project: string
}

export async function tokenFor(url: string, { user, password, project }: Who): Promise<string> {
  const domain = { id: 'default' }
  const body = {
    auth: {
      identity: { methods: ['password'], password: { user: { name: user, domain, password } } },
      scope: { project: { name: project, domain } },
    },
  }
  const response = await fetch(`${url}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const token = response.headers.get('x-subject-token')
  if (token === null) throw new Error(`no token for ${user}: ${response.status} ${await response.text()}`)
  return token
}
