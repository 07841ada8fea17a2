/** Writes agent.yaml for a person to read on: each part under a line that says what it is for. */
import { toYaml } from '../system/config-file.ts'

const NOTES: Readonly<Record<string, string>> = {
  name: 'this host, as in host@backend#pool; never change it while it has volumes',
  zone: 'availability zone',
  directory: 'keys and journal; back it up, show it to nobody',
  peer: 'where the other hosts connect',
  api: 'REST API; loopback only, unless api.auth and api.tls are set',
  join: 'where new hosts knock with a token of `scoria invite`',
  backends: 'where volumes are kept',
  target: 'who exports them; portal is what initiators connect to',
}

/** Check a changed file with `scoria agent --check-config`. */
export function agentYaml(config: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(config).map(
    ([key, value]) => `${NOTES[key] === undefined ? '' : `# ${NOTES[key]}\n`}${toYaml({ [key]: value })}`,
  )
  return `# Scoria agent. After a change: scoria agent --check-config --config FILE\n${parts.join('')}`
}
