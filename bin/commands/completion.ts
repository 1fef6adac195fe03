/** `splitcart completion`: prints a shell completion script, generated from the command definitions. */
import { Argument, type Command } from 'commander'
import { run } from '../command-line.ts'
import { EXIT } from '../exit-codes.ts'

/** A command for completion: the words and flags that can follow it. */
type CommandWords = Readonly<{ name: string; about: string; words: readonly string[]; flags: readonly string[] }>

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
type Shell = (typeof SHELLS)[number]

const INSTALL_COMMANDS: Readonly<Record<Shell, string>> = {
  bash: 'splitcart completion bash > ~/.local/share/bash-completion/completions/splitcart',
  zsh: 'splitcart completion zsh > ~/.splitcart.zsh && echo "source ~/.splitcart.zsh" >> ~/.zshrc',
  fish: 'splitcart completion fish > ~/.config/fish/completions/splitcart.fish',
  powershell: 'splitcart completion powershell | Out-String | Invoke-Expression   (in $PROFILE, to keep it)',
}

/** Adds the command. It covers all commands of the program, which must be loaded before it runs. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what lets a shell complete commands and flags')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', `\nTo install it:\n${SHELLS.map((shell) => `  ${INSTALL_COMMANDS[shell]}`).join('\n')}`)
    .action((shell: Shell) =>
      run({}, async () => {
        process.stdout.write(SCRIPTS[shell](program.commands.map(commandWords)))
        return EXIT.done
      }),
    )
}

function commandWords(command: Command): CommandWords {
  const flags = (of: Command) => of.options.flatMap(({ long }) => long ?? [])
  const all = [...flags(command), ...command.commands.flatMap(flags), '--help']
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
  return {
    name: command.name(),
    about: command.description().replaceAll("'", '’'),
    words: [...command.commands.map((each) => each.name()), ...choices],
    flags: [...new Set(all)].sort(),
  }
}

function bash(known: readonly CommandWords[]): string {
  const cases = known.map(
    ({ name, words, flags }) => `    ${name}) words='${words.join(' ')}' flags='${flags.join(' ')}' ;;`,
  )
  return `_splitcart() {
  local word=\${COMP_WORDS[COMP_CWORD]} words='' flags=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${known.map(({ name }) => name).join(' ')}' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _splitcart splitcart
`
}

function zsh(known: readonly CommandWords[]): string {
  return `autoload -Uz bashcompinit && bashcompinit\n${bash(known)}`
}

function fish(known: readonly CommandWords[]): string {
  const lines = known.flatMap(({ name, about, words, flags }) => [
    `complete -c splitcart -n __fish_use_subcommand -f -a ${name} -d '${about}'`,
    ...words.map((word) => `complete -c splitcart -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
    ...flags.map((flag) => `complete -c splitcart -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}`),
  ])
  return `${lines.join('\n')}\n`
}

function powershell(known: readonly CommandWords[]): string {
  const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')
  const table = known.map(({ name, words, flags }) => `    '${name}' = @(${quoted([...words, ...flags])})`)
  return `Register-ArgumentCompleter -Native -CommandName splitcart -ScriptBlock {
  param($word, $ast, $position)
  $known = @{
${table.join('\n')}
  }
  $given = @($ast.CommandElements | ForEach-Object { $_.ToString() })
  $isFirst = $given.Count -lt 2 -or ($given.Count -eq 2 -and $word -ne '')
  $words = if ($isFirst) { $known.Keys | Sort-Object } else { $known[$given[1]] }
  $words | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`
}

const SCRIPTS: Readonly<Record<Shell, (known: readonly CommandWords[]) => string>> = { bash, zsh, fish, powershell }
