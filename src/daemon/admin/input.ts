import { z } from 'zod';
import { AdminError } from './errors.ts';

/** The part of a request that a value comes from. */
export type InputPlace = 'path' | 'query' | 'body';

/** A body can have a mistake in each of thousands of entries. */
const MAX_MISTAKES = 5;
const MAX_SHOWN = 60;

/**
 * The value as its schema gives it. Throws `AdminError` with the code that the schema refuses it by, else
 * `INVALID_BODY` or `INVALID_QUERY` with a sentence for each mistake.
 */
export function readInput<T>(schema: z.ZodType<T>, value: unknown, place: InputPlace): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  for (const issue of issues) {
    if (issue.code !== 'custom' || issue.params?.refusal === undefined) continue;
    throw new AdminError(issue.params.refusal, issue.message);
  }
  const mistakes = issues
    .slice(0, MAX_MISTAKES)
    .map((issue) => mistake(schema, issue, value, place));
  const more = issues.length - mistakes.length;
  if (more > 0) mistakes.push(`and ${more} more mistakes`);
  throw new AdminError(place === 'body' ? 'INVALID_BODY' : 'INVALID_QUERY', mistakes.join('; '));
}

/** The value of a JSON text in the body of a request. Throws `AdminError` `INVALID_BODY`. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    const [, at] = /position (\d+)/.exec(message) ?? [];
    const early = message.includes('end of JSON') ? ': it ends too early' : '';
    const where = at === undefined ? early : `: see its character ${Number(at) + 1}`;
    const advice = `the body is not JSON${where}; send an object in braces`;
    throw new AdminError('INVALID_BODY', advice, { cause });
  }
}

function mistake(
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssue,
  whole: unknown,
  place: InputPlace,
): string {
  const kind = place === 'body' ? 'field' : 'parameter';
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, MAX_MISTAKES).map(shown).join(', ');
    const known = namesIn(schema).join(', ') || 'none';
    return `the ${place} takes no ${kind} ${names}; those it takes: ${known}`;
  }
  const expected = expectedBy(issue);
  const value = issue.path.reduce<unknown>((part, step) => Object(part)[step], whole);
  if (issue.path.length === 0) return `the ${place} must be ${expected}, not ${shown(value)}`;
  const name = `"${nameOf(issue.path)}"`;
  if (value === undefined) return `the ${place} needs the ${kind} ${name}, ${expected}`;
  if (place === 'query' && Array.isArray(value)) {
    return `the parameter ${name} of the query is there ${value.length} times: give it once`;
  }
  return `the ${kind} ${name} of the ${place} must be ${expected}, not ${shown(value)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
};

/** Completes "must be ...". */
function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? 'of another type';
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return sized(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return sized(issue.origin, 'at most', issue.maximum);
    case 'invalid_format':
      // Each pattern of a request has words of its own.
      return issue.message;
    default:
      return 'as /openapi.json says';
  }
}

function sized(origin: string, bound: string, value: number | bigint): string {
  if (origin === 'string' && value === 1) return 'a string that is not empty';
  if (origin === 'string') return `a string of ${bound} ${value} characters`;
  if (origin === 'array') return `a list of ${bound} ${value} entries`;
  return `a number of ${bound} ${value}`;
}

/** As a program writes it: `ids[3]`, `interval.lower`. */
function nameOf([first, ...rest]: readonly PropertyKey[]): string {
  const steps = rest.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return `${String(first)}${steps.join('')}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, withoutDepth()) ?? 'nothing';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}...` : text;
}

/** A value a thousand levels deep is easily sent, and writing all of it would overflow the stack. */
function withoutDepth(): (name: string, value: unknown) => unknown {
  let outermost = true;
  return (_name, value) => {
    if (!outermost && typeof value === 'object' && value !== null) return '...';
    outermost = false;
    return value;
  };
}

/** The names of the fields of an object, also where the object is then transformed. */
function namesIn(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodPipe ? namesIn(schema.in) : [];
}
