/** What a change of the hosts would do, or undo for ever: accounts that move, and volumes by name and project. */
import { printBody } from '../output/print.ts'
import { table } from '../output/table.ts'
import { type Item, isItem, partOf, partsOf, textOf } from '../rest/body.ts'
import { showSize } from '../units.ts'
import type { Context } from './context.ts'
import { volumeName } from './volume-rows.ts'

/** Enough to recognise what is meant; `-o json` has them all. */
const VOLUMES_SHOWN = 20

/** @param fate what becomes of the volumes, for people */
export function printPlan({ terminal, output }: Context, body: unknown, fate: string): void {
  if (printBody(terminal, output.format, body)) return
  terminal.out(planText(body, fate))
}

export function planText(body: unknown, fate: string): string {
  const plan: Item = isItem(body) ? body : {}
  const volumes = partsOf(plan, 'volumes')
  const registers = partOf(plan, 'registers')
  const lines = [
    `host       ${textOf(plan, 'host')}: would be ${textOf(plan, 'state')}`,
    `accounts   ${textOf(registers, 'moving')} of ${textOf(registers, 'known')} known here move to other hosts`,
    `volumes    ${volumes.length === 0 ? 'none' : `${volumes.length}: ${fate}`}`,
  ]
  if (volumes.length === 0) return `${lines.join('\n')}\n`
  const shown = table(
    [
      { header: 'NAME', cell: volumeName },
      { header: 'PROJECT', cell: (volume) => textOf(volume, 'project') },
      { header: 'SIZE', cell: (volume) => showSize(Number(textOf(volume, 'size'))) },
      { header: 'STATUS', cell: (volume) => textOf(volume, 'status') },
    ],
    volumes.slice(0, VOLUMES_SHOWN),
  )
  const rest = volumes.length - VOLUMES_SHOWN
  return `${lines.join('\n')}\n\n${shown}${rest > 0 ? `and ${rest} more; all of them: -o json\n` : ''}`
}
