import type { Command, Option } from 'commander';
import type { CliInit } from '../../src/daemon/cli/index.ts';
import { createProgram } from '../../src/daemon/cli/testing.ts';
import { EXIT_MEANINGS } from '../../src/daemon/testing.ts';
import { type Entry, entries, head, literal, paragraph, section, subsection } from './roff.ts';

const OTHER_OPTIONS: readonly Entry[] = [
  ['-h, --help', 'Shows the help of a verb, or of the program.'],
  ['-V, --version', 'Shows the version.'],
];

const ENVIRONMENT: readonly Entry[] = [
  ['RANGEMESH_URL', 'Admin endpoint that a verb asks, as --url does.'],
  ['RANGEMESH_TOKEN', 'Bearer token for that endpoint, where no --token-file is given.'],
  [
    'RANGEMESH_SECTION_KEY',
    'Value of a key of the configuration, such as RANGEMESH_NODE_DATA_DIR for node.dataDir. See rangemesh.yaml(5).',
  ],
  ['NO_COLOR', 'Turns colours off where it is not empty.'],
];

const FILES: readonly Entry[] = [
  ['./rangemesh.yaml', 'Configuration where no --config is given.'],
  ['admin.json', 'In the data directory: where the running daemon answers.'],
  ['admin.token', 'In the data directory: the bearer token, for its owner alone.'],
  ['identity.key', 'In the data directory: the private key behind the peer id.'],
];

/** The page rangemesh(1), written from the declared verbs. */
export function commandPage(version: string): string {
  const help: string[] = [];
  const init = { version, stdout: { write: (text: string) => help.push(text) } };
  const program = createProgram(init as unknown as CliInit, {
    exit: () => undefined,
    writeHelp: () => undefined,
  });
  const examplesOf = (verb: Command): string[] => {
    help.length = 0;
    verb.outputHelp();
    const [, examples = ''] = help.join('').split('\nExamples:\n');
    const [own = ''] = examples.split('\n\n');
    return own.split('\n').flatMap((line) => /^ {2}\$ (.*)$/.exec(line)?.slice(1) ?? []);
  };
  const common = program.options.filter(({ long }) => long !== '--version');
  const verbs = verbsBelow(program);
  return `${[
    head('rangemesh', 1, version, 'User Commands'),
    section('name', 'rangemesh \\- keeps an item set equal across a mesh of peers'),
    section('synopsis', literal(['rangemesh [OPTION...] VERB [ARGUMENT...]'])),
    section('description', paragraph(program.description()), literal(examplesOf(program))),
    section('common options', paragraph('Most verbs take these options.'), optionList(common)),
    section('other options', entries(OTHER_OPTIONS)),
    section('verbs', ...verbs.map((verb) => verbPart(verb, common, examplesOf(verb)))),
    section(
      'exit status',
      entries(Object.entries(EXIT_MEANINGS).map(([code, text]) => [code, sentence(text)])),
    ),
    section('environment', entries(ENVIRONMENT)),
    section('files', entries(FILES)),
    section('see also', '.BR rangemesh.yaml (5)'),
  ].join('\n')}\n`;
}

/** Each verb, and behind it the verbs below it. */
function verbsBelow(command: Command): Command[] {
  return command.commands.flatMap((verb) => [verb, ...verbsBelow(verb)]);
}

function verbPart(verb: Command, common: readonly Option[], examples: readonly string[]): string {
  const isCommon = (option: Option): boolean =>
    common.some(
      ({ flags, description }) =>
        `${flags} ${description}` === `${option.flags} ${option.description}`,
    );
  const own = verb.options.filter((option) => !isCommon(option));
  const words = verb.registeredArguments.map(
    (argument): Entry => [argument.name(), sentence(described(argument))],
  );
  return subsection(
    `${pathOf(verb)} ${verb.usage()}`,
    paragraph(sentence(verb.description())),
    entries(words.filter(([, text]) => text !== '')),
    optionList(own),
    literal(examples),
  );
}

function pathOf(verb: Command): string {
  const { parent } = verb;
  return parent === null ? verb.name() : `${pathOf(parent)} ${verb.name()}`;
}

function optionList(options: readonly Option[]): string {
  return entries(options.map((option) => [option.flags, sentence(described(option))]));
}

/** With the values that are allowed, and the default. */
function described(it: {
  readonly description: string;
  readonly argChoices?: readonly string[];
  readonly defaultValue?: unknown;
  readonly defaultValueDescription?: string | undefined;
}): string {
  const notes = [
    ...(it.argChoices === undefined ? [] : [`one of ${it.argChoices.join(', ')}`]),
    ...(it.defaultValue === undefined
      ? []
      : [`default: ${it.defaultValueDescription ?? it.defaultValue}`]),
  ];
  return notes.length === 0 ? it.description : `${it.description} (${notes.join('; ')})`;
}

function sentence(text: string): string {
  if (text === '') return '';
  const first = /^[a-z]+\b(?![.=,])/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
