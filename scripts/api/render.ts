import { API_EXAMPLES } from './examples.ts';
import { cell, choicesOf, type DocumentSchema, fieldTable, wordsFor } from './schema-words.ts';

interface DescribedContent {
  readonly content?: Readonly<Record<string, { readonly schema: DocumentSchema }>>;
}

interface DescribedAnswer extends DescribedContent {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string }>>;
}

interface DescribedCall {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly requestBody?: DescribedContent & { readonly required?: boolean };
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: DocumentSchema;
  }[];
  readonly 'x-codes': Readonly<Record<string, readonly string[]>>;
  readonly responses: Readonly<Record<string, DescribedAnswer>>;
}

/** The OpenAPI document of the admin endpoint. */
export interface DescribedApi {
  readonly info: { readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedCall>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, DocumentSchema>> };
}

/** A call with the place where it is made. */
interface PlacedCall extends DescribedCall {
  readonly place: string;
}

/** The page for people, from the document. `introduction` is written by hand. */
export function renderApi(api: DescribedApi, introduction: string): string {
  const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, call]): PlacedCall => ({ ...call, place: `${method.toUpperCase()} ${path}` }),
    ),
  );
  const general = codesOfAll(calls);
  const lines = [
    introduction.trimEnd(),
    '',
    ...overview(calls),
    '',
    '## Codes of every call',
    '',
    'Every call can be refused with these codes. The calls below list their own codes alone.',
    '',
    `${sentence([...general])}`,
    ...api.tags.flatMap(({ name, description }) => [
      '',
      `## ${title(name)}: ${description.toLowerCase()}`,
      ...calls.filter(({ tags }) => tags.includes(name)).flatMap((call) => shown(call, general)),
    ]),
    '',
    '## Objects',
    '',
    'A `?` marks a field that may be missing.',
    ...Object.entries(api.components.schemas).flatMap(([name, schema]) => object(name, schema)),
  ];
  return `${lines.join('\n')}\n`;
}

function overview(calls: readonly PlacedCall[]): string[] {
  const rows = calls.map(({ place, summary, operationId, security }) => {
    const { verb } = API_EXAMPLES[operationId] ?? { verb: null };
    const link = `[\`${place}\`](#${operationId.toLowerCase()})`;
    return `| ${link} | ${cell(summary)} | ${access(security)} | ${verb === null ? '' : `\`${verb}\``} |`;
  });
  return ['| call | purpose | token | verb |', '|---|---|---|---|', ...rows];
}

function access(security: readonly object[]): string {
  if (security.length === 0) return 'never';
  return security.length === 1 ? 'needed' : 'beyond loopback';
}

/** Codes that no call lacks. */
function codesOfAll(calls: readonly PlacedCall[]): Set<string> {
  const [first = [], ...others] = calls.map((call) => Object.values(call['x-codes']).flat());
  return new Set(first.filter((code) => others.every((codes) => codes.includes(code))));
}

function shown(call: PlacedCall, general: ReadonlySet<string>): string[] {
  const { operationId, place, summary, description, security } = call;
  const { verb, curl } = API_EXAMPLES[operationId] ?? { verb: null, curl: '' };
  return [
    '',
    `### ${operationId}`,
    '',
    `\`${place}\`: ${lowerFirst(summary)}. Token: ${access(security)}.` +
      `${verb === null ? '' : ` Verb: \`rangemesh ${verb}\`.`} Client: \`${operationId}\`.`,
    '',
    description,
    '',
    '```sh',
    `curl -sf ${curl}`,
    '```',
    ...parameters(call),
    ...body(call),
    ...answers(call),
    ...codes(call, general),
  ];
}

function parameters({ parameters = [] }: PlacedCall): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map(
    ({ name, in: place, required, schema, description }) =>
      `| \`${name}\` | ${place}${required ? ', needed' : ''} | ${wordsFor(schema)} | ${cell(description)} |`,
  );
  return ['', '| parameter | place | type | meaning |', '|---|---|---|---|', ...rows];
}

function body({ requestBody }: PlacedCall): string[] {
  const { content = {}, required = false } = requestBody ?? {};
  return Object.entries(content).flatMap(([type, { schema }]) => [
    '',
    `Body${required ? '' : ' (may be left out)'}, \`${type}\`: ${schema.properties ? 'an object.' : `${wordsFor(schema)}.`}`,
    ...(schema.properties ? ['', ...fieldTable(schema)] : []),
  ]);
}

function answers({ responses, 'x-codes': codes }: PlacedCall): string[] {
  const good = Object.entries(responses).filter(([status]) => codes[status] === undefined);
  const rows = good.map(([status, { description, content = {}, headers = {} }]) => {
    const types = Object.entries(content).map(
      ([type, { schema }]) => `\`${type}\`: ${wordsFor(schema)}`,
    );
    const more = Object.entries(headers).map(
      ([name, header]) => `\`${name}\`: ${header.description}`,
    );
    return `| ${status} | ${cell(description)} | ${cell(types.join('; '))} | ${cell(more.join('; '))} |`;
  });
  return ['', '| answer | meaning | content | headers |', '|---|---|---|---|', ...rows];
}

function codes(call: PlacedCall, general: ReadonlySet<string>): string[] {
  const own = Object.entries(call['x-codes']).flatMap(([status, codes]) => {
    const rest = codes.filter((code) => !general.has(code));
    return rest.length === 0 ? [] : [`${status} ${rest.map((code) => `\`${code}\``).join(' ')}`];
  });
  return own.length === 0 ? [] : ['', `Codes: ${own.join('; ')}.`];
}

function object(name: string, schema: DocumentSchema): string[] {
  const choices = choicesOf(schema);
  const heading = ['', `### Object ${name}`, ''];
  if (choices.length === 0) {
    return [...heading, ...(schema.properties ? fieldTable(schema) : [`${wordsFor(schema)}.`])];
  }
  const forms = choices.flatMap((choice) =>
    choice.properties ? ['', ...fieldTable(choice)] : ['', `- ${wordsFor(choice)}`],
  );
  return [...heading, 'One of these forms:', ...forms];
}

function sentence(codes: readonly string[]): string {
  return `${codes.map((code) => `\`${code}\``).join(', ')}.`;
}

function title(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
