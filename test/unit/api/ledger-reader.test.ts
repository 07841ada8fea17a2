/** Many lists at once cost few reads of a register, and none of them misses what was answered before it came. */
import t from 'tap'
import { type LedgerReader, ledgerReader } from '../../../agent/api/ledger-reader.ts'
import type { Service } from '../../../agent/run/service.ts'
import { type ProjectId, projectId } from '../../../lib/model/ids.ts'

interface Asked {
  readonly project: ProjectId
  answer(): Promise<void>
}

/** A register that answers when it is told to; each answer says how many reads had begun. */
function slowRegister(): { readonly reader: LedgerReader; readonly asked: Asked[] } {
  const asked: Asked[] = []
  const ask = ((request: { project: ProjectId }) => {
    const answered = asked.length + 1
    return new Promise<unknown>((resolve) => {
      const result = { ok: false, failure: { code: 'forming', joined: answered, expect: 0 } }
      asked.push({
        project: request.project,
        async answer() {
          resolve({ kind: 'ledger', result })
          await new Promise(setImmediate)
        },
      })
    })
  }) as Service['ask']
  return { reader: ledgerReader({ ask }), asked }
}

const P = projectId('p')
const numberOf = async (read: ReturnType<LedgerReader['read']>): Promise<number> => {
  const result = await read
  return !result.ok && result.failure.code === 'forming' ? result.failure.joined : 0
}

t.test('who comes while a read runs shares the next one, and only that', async (t) => {
  const { reader, asked } = slowRegister()
  const first = reader.read(P)
  const late = [reader.read(P), reader.read(P), reader.read(P)]
  t.equal(asked.length, 1, 'one read runs')
  await asked[0]?.answer()
  t.equal(await numberOf(first), 1)
  t.equal(asked.length, 2, 'then one for all who waited')
  const later = reader.read(P)
  await asked[1]?.answer()
  t.same(await Promise.all(late.map(numberOf)), [2, 2, 2], 'none of them got the read that had begun before it')
  await asked[2]?.answer()
  t.equal(await numberOf(later), 3)
})

t.test('an idle register is read at once, and projects do not wait for each other', async (t) => {
  const { reader, asked } = slowRegister()
  const reads = [reader.read(P), reader.read(projectId('q'))]
  t.same(
    asked.map(({ project }) => project),
    ['p', 'q'],
  )
  for (const one of asked) await one.answer()
  await Promise.all(reads)
  const again = reader.read(P)
  t.equal(asked.length, 3)
  await asked[2]?.answer()
  t.equal(await numberOf(again), 3)
})
