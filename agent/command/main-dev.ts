/** `scoria dev`, as typed. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../lib/model/secret.ts'
import { type Arguments, countOption, helpText, type OptionRow, quotaOption, readArguments } from './arguments.ts'
import { wrongUse } from './command-problem.ts'
import { runDev } from '../local/dev.ts'
import { API_PORT_MAX, type DevAuth, type DevBackend } from '../local/dev-plan.ts'
import { listenForSignals } from './signals.ts'

const ROWS: readonly OptionRow[] = [
  { name: 'peers', value: 'N', help: 'how many peers (default 3)' },
  {
    name: 'api-port',
    value: 'PORT',
    help: 'peer k answers on 127.0.0.1:(PORT+k), k from 0 (default 8776); also takes PORT+1000+k, +2000+k, +3000',
  },
  { name: 'dir', value: 'DIR', help: 'keep the state there, and continue it at the next start (default: a temporary folder)' },
  { name: 'backend', value: 'KIND', help: 'file: sparse files, exported by tgt; none: no storage work (default file)' },
  { name: 'auth', value: 'KIND', help: 'none: whoever asks; builtin: users of the cluster, two of them made; keystone (default none)' },
  {
    name: 'keystone-url',
    value: 'URL',
    help: "of --auth keystone; the agents' own user there from OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the domains",
  },
  { name: 'capacity', value: 'GiB', help: "size of each peer's pool (default 100)" },
  { name: 'quota', value: 'LIMITS', help: 'limits of each project (default volumes=10,snapshots=10,gigabytes=1000); -1 means none' },
  { name: 'help', help: 'print this' },
]
const EXAMPLES = ['scoria dev', 'scoria dev --peers 5 --api-port 9000 --backend none --dir /tmp/cluster --quota volumes=1000,gigabytes=-1']
const PEERS_MAX = 50

type Environment = Readonly<Record<string, string | undefined>>

export async function devCommand(args: readonly string[], env: Environment): Promise<number> {
  const given = readArguments(args, ROWS, 0)
  if (given.has('help')) {
    process.stdout.write(helpText('dev [options]', 'Runs a cluster on this machine until Ctrl-C: loopback only.', ROWS, EXAMPLES))
    return 0
  }
  const directory = given.text('dir')
  const wish = {
    peers: countOption(given, 'peers', 1, PEERS_MAX),
    apiPort: countOption(given, 'api-port', 1, API_PORT_MAX),
    backend: backendOption(given),
    auth: authOption(given, env),
    directory: directory === null ? null : resolve(directory),
    capacityGiB: countOption(given, 'capacity', 1, Number.MAX_SAFE_INTEGER) ?? 100,
    limits: quotaOption(given, 'quota'),
  }
  const { asked, insisted } = listenForSignals()
  return await runDev(wish, {
    program: fileURLToPath(new URL('../main.js', import.meta.url)),
    out: (line) => void process.stdout.write(`${line}\n`),
    tell: (line) => void process.stderr.write(`${line}\n`),
    interrupted: asked.then(() => undefined),
    insisted: insisted.then(() => undefined),
  })
}

/** @throws CommandProblem that names what is missing */
function authOption(given: Arguments, env: Environment): DevAuth | null {
  const kind = given.text('auth')
  const url = given.text('keystone-url')
  if (url !== null && kind !== 'keystone')
    throw wrongUse('--keystone-url is for --auth keystone alone', 'add --auth keystone, or leave it out')
  switch (kind) {
    case null:
      return null
    case 'none':
    case 'builtin':
      return { kind }
    case 'keystone':
      return keystoneAuth(url, env)
    default:
      throw wrongUse(`--auth ${JSON.stringify(kind)} is unknown`, 'there are: none, builtin, keystone')
  }
}

function keystoneAuth(url: string | null, env: Environment): DevAuth {
  const { OS_USERNAME: username, OS_PASSWORD: password, OS_PROJECT_NAME: projectName } = env
  if (!url || !username || !password || !projectName) {
    const missing = [
      ...(url ? [] : ['--keystone-url']),
      ...(username ? [] : ['OS_USERNAME']),
      ...(password ? [] : ['OS_PASSWORD']),
      ...(projectName ? [] : ['OS_PROJECT_NAME']),
    ]
    throw wrongUse(`--auth keystone lacks ${missing.join(', ')}`, "the agents log in with them to ask about others' tokens")
  }
  const userDomainName = env['OS_USER_DOMAIN_NAME'] || 'Default'
  const projectDomainName = env['OS_PROJECT_DOMAIN_NAME'] || 'Default'
  return { kind: 'keystone', url, username, password: new Secret(password), projectName, userDomainName, projectDomainName }
}

function backendOption(given: Arguments): DevBackend | null {
  const kind = given.text('backend')
  if (kind === null || kind === 'file' || kind === 'none') return kind
  throw wrongUse(`--backend ${JSON.stringify(kind)} is unknown`, 'there are: file, none')
}
