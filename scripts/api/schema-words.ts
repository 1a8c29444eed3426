/** The parts of JSON Schema that the document uses. */
export interface DocumentSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly anyOf?: readonly DocumentSchema[];
  readonly oneOf?: readonly DocumentSchema[];
  readonly items?: DocumentSchema;
  readonly properties?: Readonly<Record<string, DocumentSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | DocumentSchema;
}

interface SchemaField {
  readonly name: string;
  readonly schema: DocumentSchema;
}

/** A schema in a few words, for a cell of a table. */
export function wordsFor(schema: DocumentSchema): string {
  const { $ref, type, items, properties } = schema;
  if ($ref !== undefined) return linkTo($ref);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  const choices = choicesOf(schema);
  if (choices.length > 0) return [...new Set(choices.map(wordsFor))].join(' or ');
  if (items !== undefined) return `list of ${wordsFor(items)}`;
  if (properties !== undefined) return `object of ${Object.keys(properties).map(code).join(', ')}`;
  if (schema.format === 'binary') return 'bytes';
  if (type === undefined) return 'any value';
  return (typeof type === 'string' ? [type] : type).join(' or ');
}

/** A table of the fields of an object, those of objects within it with dots. */
export function fieldTable(schema: DocumentSchema): string[] {
  const rows = fieldsOf(schema, '').map(
    ({ name, schema }) => `| \`${name}\` | ${wordsFor(schema)} | ${cell(schema.description)} |`,
  );
  return ['| field | type | meaning |', '|---|---|---|', ...rows];
}

/** The alternatives of a schema; none if it has a single form. */
export function choicesOf({ anyOf, oneOf }: DocumentSchema): readonly DocumentSchema[] {
  return anyOf ?? oneOf ?? [];
}

/** Text that does not end a cell. */
export function cell(text = ''): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function fieldsOf(
  { properties = {}, required = [] }: DocumentSchema,
  before: string,
): SchemaField[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${before}${key}${required.includes(key) ? '' : '?'}`;
    return [{ name, schema }, ...below(schema, name)];
  });
}

function below(schema: DocumentSchema, name: string): SchemaField[] {
  if (schema.items !== undefined) return below(schema.items, `${name}[]`);
  const object = schema.properties ? schema : choicesOf(schema).find((one) => one.properties);
  return object === undefined ? [] : fieldsOf(object, `${name}.`);
}

function linkTo(ref: string): string {
  const name = ref.split('/').at(-1)!;
  return `[${name}](#object-${name.toLowerCase()})`;
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}
