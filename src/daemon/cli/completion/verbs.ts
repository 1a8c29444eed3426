import type { Argument, Command, Option } from 'commander';

/** A word that stands on the command line, and what it is for. */
export interface CompletedWord {
  readonly name: string;
  readonly description: string;
}

/** How a value is completed. */
export interface CompletedValue {
  readonly choices: readonly string[];
  readonly isPath: boolean;
}

export interface CompletedOption {
  /** `-o` and `--output`, as far as the option has them. */
  readonly names: readonly string[];
  readonly description: string;
  /** Null: the option takes no value, or may do without. */
  readonly value: CompletedValue | null;
}

/** A verb as a shell completes it. */
export interface CompletedVerb {
  /** The words that lead to it, each behind a space; empty for the program itself. */
  readonly at: string;
  readonly verbs: readonly CompletedWord[];
  readonly options: readonly CompletedOption[];
  readonly arguments: CompletedValue;
}

/** Placeholders of files and directories. */
const PATHS: ReadonlySet<string> = new Set(['file', 'dir', 'path']);

/** The program and all verbs below it. */
export function completedVerbs(command: Command, at = ''): CompletedVerb[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const values = command.registeredArguments.map(valueFor);
  const verb: CompletedVerb = {
    at,
    verbs: below.map((each) => ({ name: each.name(), description: brief(each.description()) })),
    options: help.visibleOptions(command).map(optionOf),
    arguments: {
      choices: values.flatMap(({ choices }) => choices),
      isPath: values.some(({ isPath }) => isPath),
    },
  };
  return [verb, ...below.flatMap((each) => completedVerbs(each, `${at} ${each.name()}`))];
}

function optionOf(option: Option): CompletedOption {
  const { short, long, description, flags, argChoices, required } = option;
  const name = /<([^>.]+)/.exec(flags)?.[1] ?? '';
  return {
    names: [short, long].filter((each) => each !== undefined),
    description: brief(description),
    value: required ? { choices: argChoices ?? [], isPath: PATHS.has(name) } : null,
  };
}

function valueFor(argument: Argument): CompletedValue {
  return { choices: argument.argChoices ?? [], isPath: PATHS.has(argument.name()) };
}

/** The first sentence, or what stands before a semicolon. */
function brief(description: string): string {
  return description.split(/[.;] |\.$/)[0] ?? '';
}

/** A word of a script that the shell leaves as it is; bash, zsh and fish agree on it. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '').replaceAll("'", "'\\''")}'`;
}

/** The branches of `case` that complete values of options, in bash and zsh; `assign` writes a value for the shell. */
export function valueCases(
  { at, options }: CompletedVerb,
  assign: (value: CompletedValue) => string[],
): string[] {
  return options.flatMap(({ names, value }) => {
    const given = value === null ? [] : assign(value);
    if (given.length === 0) return [];
    return `    ${names.map((name) => quote(`${at} ${name}`)).join(' | ')}) ${given.join(' ')} ;;`;
  });
}
