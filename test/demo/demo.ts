/**
 * `npm run demo`: three storage hosts on this machine, a real iSCSI client, and a host that is killed.
 *
 * Exit 0 when every step has shown what it says. A failed step is named with the folder of the logs, which stays; in
 * every other case, Ctrl-C too, nothing is left.
 */
import { type Cluster, createCluster } from '../cluster/cluster.ts'
import { tellStory } from './story.ts'
import { createTelling, type Telling } from './telling.ts'

const INTERRUPTED = 130

async function main(): Promise<number> {
  const telling = createTelling(process.stdout, () => performance.now())
  if (process.getuid?.() !== 0) {
    telling.line('The iSCSI daemon (tgtd) runs as root, so the demo does too: sudo npm run demo')
    return 1
  }
  telling.line('Three storage hosts on this machine: each an agent and a tgtd, nothing else. No scheduler, no queue, no database.\n')
  const cluster = await createCluster({ capacityGiB: [20, 60, 80] })
  const interrupted = new Promise<'interrupted'>((resolve) => {
    // `once` would leave the signal to its default while the handler runs, which is to end at once.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve('interrupted'))
  })
  try {
    const end = await Promise.race([tellStory(cluster, telling), interrupted])
    return end === 'interrupted' ? await interrupt(cluster, telling) : await finish(cluster, telling)
  } catch (error) {
    return await fail(cluster, telling, error)
  }
}

async function finish(cluster: Cluster, telling: Telling): Promise<number> {
  const left = await cluster.stop()
  if (left.length > 0) {
    telling.line(`\nleft behind:\n${left.join('\n')}`)
    return 1
  }
  telling.step('stopped: no process, no target and no file is left')
  telling.line('\nYour own cluster: npx scoria dev   then, in another terminal: npx scoria volume create db --size 1GiB --wait')
  return 0
}

async function interrupt(cluster: Cluster, telling: Telling): Promise<number> {
  telling.line('\ninterrupted: stopping and removing everything')
  telling.hush()
  await cluster.stop()
  return INTERRUPTED
}

async function fail(cluster: Cluster, telling: Telling, error: unknown): Promise<number> {
  telling.line(`\nFAILED: ${error instanceof Error ? error.message : String(error)}`)
  telling.line(`logs: ${cluster.folder}/*.log`)
  await cluster.stop({ keep: true })
  return 1
}

process.exit(await main())
