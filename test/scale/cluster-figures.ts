/**
 * What a large cluster reaches on simulated links of 5 ms: how fast a change is everywhere, what idling costs, how long a join,
 * a restart and a heal take. `node dist/test/scale/cluster-figures.js` prints a table and exits 1 if a target is missed.
 *
 * `--part spread,idle,join,restart,heal` measures a part; `--why` adds what was sent, by kind. Equal code gives equal figures.
 */
import { parseArgs } from 'node:util'
import { type Row, seconds } from './cluster-row.ts'
import { measureHeals } from './cluster-heals.ts'
import { LargeCluster } from './cluster-large.ts'
import { measureWideJoin } from './cluster-wide.ts'

const PARTS = ['idle', 'spread', 'join', 'restart', 'heal'] as const

function main(): void {
  const { values } = parseArgs({ options: { part: { type: 'string' }, why: { type: 'boolean' } } })
  const asked = values.part?.split(',') ?? PARTS
  const unknown = asked.filter((part) => !PARTS.some((known) => known === part))
  if (unknown.length > 0) {
    process.stderr.write(`no such part: ${unknown.join(', ')}; there are ${PARTS.join(', ')}\n`)
    process.exitCode = 2
    return
  }
  const begun = process.cpuUsage()
  let isMet = true
  const show = (rows: readonly Row[]): void => {
    for (const row of rows) {
      if (row.isDetail && values.why !== true) continue
      isMet &&= row.isMet
      const verdict = row.target === '' ? '' : `  (${row.target}: ${row.isMet ? 'met' : 'MISSED'})`
      process.stdout.write(`${row.what.padEnd(72)} ${row.figure}${verdict}\n`)
    }
  }
  if (asked.some((part) => part !== 'heal')) {
    const cluster = new LargeCluster()
    show(cluster.start())
    for (const part of PARTS) if (part !== 'heal' && asked.includes(part)) show(cluster[part]())
    show(cluster.ending())
  }
  if (asked.includes('join')) show(measureWideJoin())
  if (asked.includes('heal')) show(measureHeals())
  const { user, system } = process.cpuUsage(begun)
  const gib = process.resourceUsage().maxRSS / 1024 ** 2
  process.stdout.write(`measured in ${seconds((user + system) / 1000)} of processor time, ${gib.toFixed(1)} GiB\n`)
  process.exitCode = isMet ? 0 : 1
}

main()
