/** `scoria placement explain`: the same ranking that a create would use, and nothing is reserved. */
import type { Command } from 'commander'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, sizeGiB, withCommon, withExamples } from './context.ts'
import { type ExplainOptions, explainPlacement } from './explain.ts'
import { hint, HINT_HELP } from './hint.ts'

export function addPlacement(program: Command, terminal: Terminal): void {
  const placement = program.command('placement').description('where volumes go, and why')
  const command = placement
    .command('explain')
    .description('rank the pools for a volume, with the reason for each pool left out')
    .requiredOption('--size <size>', 'whole GiB: 10, 10GiB, 1T', sizeGiB)
    .option('--type <type>', 'volume type')
    .option('--zone <zone>', 'availability zone')
    .option('--hint <key=value>', HINT_HELP, hint)
    .action(async (options: CommonOptions & ExplainOptions) => explainPlacement(await contextOf(options, terminal), options))
  withCommon(command)
  withExamples(
    command,
    'scoria placement explain --size 100GiB',
    'scoria placement explain --size 1T --type fast --zone b -o json',
    'scoria placement explain --size 10 --hint different_host=6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001',
  )
}
