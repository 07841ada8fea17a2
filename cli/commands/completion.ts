/**
 * `scoria completion bash|zsh`: a script that lets the shell end words of this program: its commands, their options, and
 * what an option may be. Made from the commands themselves, so that it cannot lack one.
 */
import { type Command, InvalidArgumentError, type Option } from 'commander'
import { FORMATS } from '../output/print.ts'
import type { Terminal } from '../terminal.ts'
import { PASSED_ON } from './passthrough.ts'

const SHELLS = ['bash', 'zsh'] as const
type Shell = (typeof SHELLS)[number]

export function addCompletion(program: Command, terminal: Terminal): void {
  const command = program
    .command('completion')
    .description('print a script that completes words of this program: bash, zsh')
    .argument('<shell>', SHELLS.join(', '), shellOf)
    .action((shell: Shell) => terminal.out(shell === 'bash' ? bashScript(program) : zshScript(program)))
  command.addHelpText(
    'after',
    '\nExamples:\n  $ source <(scoria completion bash)\n  $ scoria completion zsh > ~/.zsh/completions/_scoria\n',
  )
}

function shellOf(text: string): Shell {
  const shell = SHELLS.find((one) => one === text)
  if (shell === undefined) throw new InvalidArgumentError(`There are: ${SHELLS.join(', ')}.`)
  return shell
}

interface Level {
  /** Words that lead here, such as `volume create`; '' is the program itself. */
  readonly path: string
  readonly words: readonly string[]
}

/** What may come after each chain of commands. */
function levelsOf(program: Command): readonly Level[] {
  const below = (command: Command, path: readonly string[]): readonly Level[] => {
    const names = command.commands.map((one) => one.name())
    const own = path.length === 0 ? [...names, ...PASSED_ON] : names
    const options = command.options.filter((option) => !option.hidden).map(longOf)
    const here: Level = { path: path.join(' '), words: [...own.toSorted(), ...options, '--help'] }
    return [here, ...command.commands.flatMap((one) => below(one, [...path, one.name()]))]
  }
  return below(program, [])
}

function longOf(option: Option): string {
  return option.long ?? option.short ?? ''
}

/** Chains of plain words only: nothing in them is a user's text, so that nothing has to be quoted twice. */
function bashScript(program: Command): string {
  const rows = levelsOf(program).map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`)
  return `# scoria: completion for bash; source it
_scoria() {
  local word path="" words="" last="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    if _scoria_words "\${path:+$path }$word"; then path="\${path:+$path }$word"; else break; fi
  done
  case "$last" in -o|--output) words='${FORMATS.join(' ')}' ;; *) _scoria_words "$path" ;; esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
# Sets words to what may come after a chain of commands; fails if it is none.
_scoria_words() {
  case "$1" in
${rows.join('\n')}
    *) return 1 ;;
  esac
}
complete -o default -F _scoria scoria
`
}

/** By way of bash's: zsh can run it. */
function zshScript(program: Command): string {
  return `#compdef scoria\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`
}
