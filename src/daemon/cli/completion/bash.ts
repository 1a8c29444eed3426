import { type CompletedValue, type CompletedVerb, quote, valueCases } from './verbs.ts';

/** Works from bash 3.2 on, which macOS has. */
export function bashScript(verbs: readonly CompletedVerb[]): string {
  return `# bash completion of rangemesh, made by "rangemesh completion bash"
${HEAD}
${verbs.map(facts).join('\n')}
  esac
}

_rangemesh_value() {
  choices= files=
  case $1 in
${verbs.flatMap((verb) => valueCases(verb, assignments)).join('\n')}
  esac
}

complete -F _rangemesh rangemesh
`;
}

/** Bash breaks a line at "=" and ":" as well. */
const HEAD = `_rangemesh() {
  local at= option= word i verbs flags valued choices files
  COMPREPLY=()
  _rangemesh_verb ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == = ]]; then
      continue
    elif [[ -n $option ]]; then
      option=
    elif [[ " $valued " == *" $word "* ]]; then
      option=$word
    elif [[ " $verbs " == *" $word "* ]]; then
      at="$at $word"
      _rangemesh_verb "$at"
    fi
  done
  word=\${COMP_WORDS[COMP_CWORD]}
  [[ $word == = ]] && word=
  if [[ -n $option ]]; then
    verbs= flags=
    _rangemesh_value "$at $option"
  fi
  local IFS=$' \\n'
  if [[ $word == -* && -z $option ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$verbs $choices" -- "$word"))
    IFS=$'\\n'
    if [[ -n $files ]]; then
      compopt -o filenames 2> /dev/null
      COMPREPLY+=($(compgen -f -- "$word"))
    fi
  fi
}

_rangemesh_verb() {
  verbs= flags= valued= choices= files=
  case $1 in`;

function facts({ at, verbs, options, arguments: value }: CompletedVerb): string {
  const names = verbs.map(({ name }) => name);
  const flags = options.flatMap((option) => option.names);
  const valued = options.filter((each) => each.value !== null).flatMap((each) => each.names);
  const lists = [
    `verbs=${quote(names.join(' '))}`,
    `flags=${quote(flags.join(' '))}`,
    `valued=${quote(valued.join(' '))}`,
    ...assignments(value),
  ];
  return `    ${quote(at)}) ${lists.join(' ')} ;;`;
}

function assignments({ choices, isPath }: CompletedValue): string[] {
  return [
    ...(choices.length === 0 ? [] : [`choices=${quote(choices.join(' '))}`]),
    ...(isPath ? ['files=1'] : []),
  ];
}
