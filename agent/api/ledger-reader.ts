/**
 * Reads of projects' registers, at most two under way for each project.
 *
 * A reader that comes while a read runs must not share it, since that one may have looked before this reader's own
 * write; but all who come meanwhile may share the next. So a hundred lists at once cost two reads, and each list still
 * shows every create that was answered before it came.
 */
import type { Result } from '../../lib/model/failure.ts'
import type { ProjectId } from '../../lib/model/ids.ts'
import type { LedgerContents } from '../../lib/model/ledger.ts'
import type { Service } from '../run/service.ts'

type Read = Promise<Result<LedgerContents>>

export interface LedgerReader {
  read(project: ProjectId): Read
}

export function ledgerReader(service: Pick<Service, 'ask'>): LedgerReader {
  const running = new Map<ProjectId, Read>()
  const waiting = new Map<ProjectId, Read>()

  function start(project: ProjectId): Read {
    const read = service.ask({ kind: 'ledger', project }).then((reply) => reply.result)
    running.set(project, read)
    return read.finally(() => {
      if (running.get(project) === read) running.delete(project)
    })
  }

  return {
    read(project) {
      const current = running.get(project)
      if (current === undefined) return start(project)
      const next = waiting.get(project)
      if (next !== undefined) return next
      const read = current.then(() => {
        waiting.delete(project)
        return start(project)
      })
      waiting.set(project, read)
      return read
    },
  }
}
