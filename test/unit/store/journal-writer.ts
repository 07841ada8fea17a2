/** A process that writes to a journal until it is killed or fails, and tells its parent of each acknowledged batch. */
import { openJournal } from '../../../agent/store/journal.ts'
import { quiet } from './fixture.ts'

const [directory = ''] = process.argv.slice(2)
const tell = (message: object): void => {
  process.send?.(message)
}

const journal = await openJournal({
  directory,
  log: quiet,
  minFreeBytes: 0,
  ballastBytes: 0,
  onFatal: (error) => tell({ fatal: String(error.cause) }),
})

async function writer(lane: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const key = `lane/${lane}/${String(n).padStart(6, '0')}`
    // two keys in a batch, to see that batches are whole
    await journal.write([
      { key: `${key}/a`, value: 'x'.repeat(350) },
      { key: `${key}/b`, value: 'y'.repeat(350) },
    ])
    tell({ acknowledged: key })
  }
}

process.on('message', () => process.exit(0))
const ended = await Promise.allSettled([0, 1, 2, 3].map(writer))
// after the first error nothing may be acknowledged any more, not even when there is room again
const late = await Promise.allSettled([journal.write([{ key: 'late', value: 1 }])])
tell({ ended: [...ended, ...late].map(({ status }) => status) })
