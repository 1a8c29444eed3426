import { type CompletedOption, type CompletedValue, type CompletedVerb, quote } from './verbs.ts';

/** For a folder of `fish_complete_path`, or to be sourced. */
export function fishScript(verbs: readonly CompletedVerb[]): string {
  const valued = verbs
    .flatMap(({ options }) => options)
    .filter(({ value }) => value !== null)
    .flatMap(({ names }) => names);
  const places = verbs.map(({ at }) => at).filter((at) => at !== '');
  return `# fish completion of rangemesh, made by "rangemesh completion fish"
function __rangemesh_at --description 'Whether the words so far lead to a verb'
  set -l at ''
  set -l is_value 0
  for word in (commandline -opc)[2..-1]
    if test $is_value = 1
      set is_value 0
    else if contains -- $word ${[...new Set(valued)].join(' ')}
      set is_value 1
    else if contains -- "$at $word" ${places.map(quote).join(' ')}
      set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end

complete -c rangemesh -f
${verbs.flatMap(lines).join('\n')}
`;
}

function lines({ at, verbs, options, arguments: value }: CompletedVerb): string[] {
  const begin = `complete -c rangemesh -n ${quote(`__rangemesh_at "${at}"`)}`;
  const words = verbs.map(({ name, description }) => `-a ${name} -d ${quote(description)}`);
  return [...words, ...options.map(flag), ...given(value)].map((rest) => `${begin} ${rest}`);
}

function flag({ names, description, value }: CompletedOption): string {
  const spelled = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const takes = value === null ? [] : value.isPath ? ['-r -F'] : ['-x', ...given(value)];
  return [...spelled, ...takes, `-d ${quote(description)}`].join(' ');
}

function given({ choices, isPath }: CompletedValue): string[] {
  return [
    ...(choices.length === 0 ? [] : [`-a ${quote(choices.join(' '))}`]),
    ...(isPath ? ['-F'] : []),
  ];
}
