/** Opens the identity that the configuration names: reads its secrets from their files, and starts nothing else. */
import { readFile } from 'node:fs/promises'
import type { AuthConfig } from '../lib/config/api-config.ts'
import { Secret } from '../lib/model/secret.ts'
import type { Log } from '../lib/ports/log.ts'
import { accountsOf } from './api/identity/builtin/accounts.ts'
import { builtin } from './api/identity/builtin/builtin.ts'
import { newHostToken } from './api/identity/builtin/host-token.ts'
import type { Identity } from './api/identity/identity.ts'
import { keystone } from './api/identity/keystone.ts'
import { noauth } from './api/identity/noauth.ts'
import { StartProblem } from './start-problem.ts'
import type { Service } from './run/service.ts'
import { systemClock } from './system/clock.ts'
import { writeDurably } from './system/durable-file.ts'
import { systemUuid } from './system/random.ts'

interface IdentityDeps {
  readonly service: Service
  /** Made anew where users are the cluster's own. */
  readonly adminTokenFile: string
  readonly log: Log
}

/** Keystone is not asked yet: an agent starts, and recovers, whether it answers or not. @throws StartProblem */
export async function openIdentity(auth: AuthConfig, { service, adminTokenFile, log }: IdentityDeps): Promise<Identity> {
  const { wallMs, monoMs } = systemClock
  if (auth.kind === 'none') return noauth
  if (auth.kind === 'builtin') {
    const hostToken = newHostToken()
    await writeDurably(adminTokenFile, `${hostToken.text.reveal()}\n`, 0o600)
    const { cacheMs, tokenLifeSeconds } = auth
    return builtin({
      accounts: accountsOf(service),
      hostToken,
      cacheMs,
      tokenLifeMs: tokenLifeSeconds * 1000,
      wallMs,
      monoMs,
      uuid: systemUuid,
    })
  }
  const { url, username, password, projectName, userDomainName, projectDomainName, caFile, cacheMs } = auth
  return keystone({
    url,
    user: { name: username, domain: { name: userDomainName } },
    password: 'text' in password ? password.text : await passwordIn(password.file),
    project: { name: projectName, domain: { name: projectDomainName } },
    ca: caFile === null ? null : await textOf(caFile, 'api.auth.caFile'),
    cacheMs,
    log,
    wallMs,
    monoMs,
  })
}

async function passwordIn(file: string): Promise<Secret> {
  const text = (await textOf(file, 'api.auth.passwordFile')).replace(/\r?\n$/, '')
  if (text === '') throw new StartProblem(`${file} is empty: api.auth.passwordFile has to hold the password of the agent's own user`)
  return new Secret(text)
}

async function textOf(file: string, key: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartProblem(`${file} cannot be read (${code}): put it there, or change ${key} in the configuration`, { cause: error })
  }
}
