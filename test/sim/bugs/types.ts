/** Carelessness about volume types: planted bugs 32, 33, 50 and 53. */
import { NO_USAGE } from '../../../lib/model/quota.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

export const claimBlindly: Bug = {
  number: 32,
  title: 'a claim does not look whether the name is taken',
  distortion: () => ({
    ...UNDISTORTED,
    rules: (rules) => ({
      ...rules,
      claimType: (account, change) => {
        const { claim } = change
        const others = [...account.cell.types].map(
          ([id, entry]) => [id, id === claim.id ? entry : { ...entry, name: `was ${id}` }] as const,
        )
        const verdict = rules.claimType({ ...account, founding: [], cell: { ...account.cell, types: new Map(others) } }, change)
        // What it keeps of the others is as it was.
        const entries = verdict.answer.kind === 'types' ? verdict.answer.entries : []
        return {
          ...verdict,
          answer: {
            ...verdict.answer,
            entries: entries.map((entry) => (entry.kind === 'type' ? (account.cell.types.get(entry.id) ?? entry) : entry)),
          },
        }
      },
    }),
  }),
}

export const trustTheCoordinator: Bug = {
  number: 33,
  title: 'an owner takes any version of a type for its own',
  distortion: () => ({
    ...UNDISTORTED,
    event(event, { peer }) {
      if (event.kind !== 'message' || event.message.kind !== 'reserve' || peer === null) return event
      const { typeId } = event.message.spec
      const own = peer.catalogue.entries.find((entry) => entry.kind === 'type' && entry.id === typeId && !entry.isGone)
      const isFounding = peer.options.manifest.types.some(({ id }) => id === typeId)
      const typeVersion = own?.version ?? (isFounding ? 0 : null)
      return { ...event, message: { ...event.message, typeVersion } }
    },
  }),
}

export const retypeByAnyCopy: Bug = {
  number: 50,
  title: 'an owner retypes by whatever copy of the types it has',
  distortion: () => ({
    ...UNDISTORTED,
    event(event) {
      if (event.kind !== 'message' || event.message.kind !== 'reserve-room' || event.message.operation.kind !== 'retype') return event
      return { ...event, message: { ...event.message, operation: { ...event.message.operation, typeVersion: 0 } } }
    },
  }),
}

export const retypeUncounted: Bug = {
  number: 53,
  title: 'a volume gets another type whatever its project has of that already',
  distortion: () => ({
    ...UNDISTORTED,
    rules: (rules) => ({
      ...rules,
      bind(account, change) {
        const { binding } = change
        if (binding.typeId === undefined) return rules.bind(account, change)
        const { puts, answer } = rules.bind(account, { ...change, binding: { ...binding, delta: NO_USAGE } })
        const isNew = answer.kind === 'bound' && puts.some(({ entry }) => entry?.kind === 'bound' && entry.rid === binding.rid)
        if (!isNew) return { puts, answer }
        const kept = puts.map((put) => (put.entry?.kind === 'bound' ? { ...put, entry: binding } : put))
        return { puts: kept, answer: { kind: 'bound', binding } }
      },
    }),
  }),
}
