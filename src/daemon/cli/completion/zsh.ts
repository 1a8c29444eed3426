import {
  type CompletedValue,
  type CompletedVerb,
  type CompletedWord,
  quote,
  valueCases,
} from './verbs.ts';

/** For a folder of `fpath`, or to be sourced after `compinit`. */
export function zshScript(verbs: readonly CompletedVerb[]): string {
  return `#compdef rangemesh
# zsh completion of rangemesh, made by "rangemesh completion zsh"
${HEAD}
${verbs.map(facts).join('\n')}
  esac
}

_rangemesh_value() {
  choices=() files=
  case $1 in
${verbs.flatMap((verb) => valueCases(verb, assignments)).join('\n')}
  esac
}

if [[ $funcstack[1] == _rangemesh ]]; then
  _rangemesh "$@"
else
  compdef _rangemesh rangemesh
fi
`;
}

const HEAD = `_rangemesh() {
  local at= option= word files
  local -a verbs flags valued choices
  _rangemesh_verb ''
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $option ]]; then
      option=
    elif (( \${valued[(Ie)$word]} )); then
      option=$word
    elif (( \${\${(@)verbs%%:*}[(Ie)$word]} )); then
      at="$at $word"
      _rangemesh_verb "$at"
    fi
  done
  if [[ -n $option ]]; then
    verbs=() flags=()
    _rangemesh_value "$at $option"
  fi
  local none=1
  if [[ $words[CURRENT] == -* && -z $option ]]; then
    _describe -o 'option' flags && none=0
  else
    (( $#verbs )) && _describe 'verb' verbs && none=0
    (( $#choices )) && _describe 'value' choices && none=0
    [[ -n $files ]] && _files && none=0
  fi
  return none
}

_rangemesh_verb() {
  verbs=() flags=() valued=() choices=() files=
  case $1 in`;

function facts({ at, verbs, options, arguments: value }: CompletedVerb): string {
  const flags = options.flatMap(({ names, description }) =>
    names.map((name) => ({ name, description })),
  );
  const valued = options.filter((each) => each.value !== null).flatMap((each) => each.names);
  const lines = [
    `verbs=(${verbs.map(described).join(' ')})`,
    `flags=(${flags.map(described).join(' ')})`,
    `valued=(${valued.join(' ')})`,
    ...assignments(value),
  ];
  return [`    ${quote(at)})`, ...lines.map((line) => `      ${line}`), '      ;;'].join('\n');
}

function described({ name, description }: CompletedWord): string {
  return quote(`${name}:${description}`);
}

function assignments({ choices, isPath }: CompletedValue): string[] {
  return [
    ...(choices.length === 0 ? [] : [`choices=(${choices.map(quote).join(' ')})`]),
    ...(isPath ? ['files=1'] : []),
  ];
}
