/**
 * npm run bench -- [--only NAME,…] [--json] [--profile DIR]
 *
 * Measures what docs/FIGURES.md shows, each figure beside a limit or a rival of the same run. `--bare KIND` is not for
 * people: it turns this process into such a rival, which must load nothing that it is not to be measured with; hence the
 * imports below.
 */
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    bare: { type: 'string' },
    body: { type: 'string' },
  },
})

if (values.bare === 'route') {
  const { runBareRoute } = await import('./bare-route.ts')
  await runBareRoute(values.body ?? '')
} else if (values.bare === 'agent') {
  const { runBareAgent } = await import('./bare-agent.ts')
  await runBareAgent(values.body ?? '')
} else {
  const { runBench } = await import('./bench.ts')
  process.exitCode = await runBench({ names: values.only?.split(',') ?? null, isJson: values.json, profile: values.profile ?? null })
}
