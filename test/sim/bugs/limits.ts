/** Carelessness about default limits: planted bug 49. */
import { type Bug, UNDISTORTED } from './distortion.ts'

export const believeTheLast: Bug = {
  number: 49,
  title: 'a register goes back to older default limits when it is told of them',
  distortion: () => ({
    ...UNDISTORTED,
    rules: (rules) => ({
      ...rules,
      bind: (account, change) => rules.bind({ ...account, cell: { ...account.cell, defaults: null } }, change),
    }),
  }),
}
