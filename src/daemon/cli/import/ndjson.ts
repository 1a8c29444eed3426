import { BadInput, type ImportCandidate, type Loaded } from './candidate.ts';
import { readLines, type TextLine } from './lines.ts';

export interface NdjsonInit {
  chunks: AsyncIterable<Uint8Array>;
  /** Name of the source in messages. */
  path: string;
  /** Name of the top-level field that holds the hint. */
  hintField: string;
  /** Longer lines are skipped. */
  maxBytes: number;
}

/** One candidate a line; the payload is the unchanged line, without its end. */
export async function* readNdjson(init: NdjsonInit): AsyncGenerator<ImportCandidate> {
  for await (const line of readLines(init.chunks, init.maxBytes)) {
    const origin = { path: init.path, line: line.number };
    yield { origin, load: async () => loadLine(line, init.hintField) };
  }
}

function loadLine({ bytes }: TextLine, hintField: string): Loaded {
  if (bytes === null) return { kind: 'skipped', reason: 'tooLarge' };
  const text = decode(bytes);
  if (text.trim() === '') return { kind: 'skipped', reason: 'blankLine' };
  return { kind: 'item', hint: readHint(text, hintField), payload: bytes };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BadInput('the line is not UTF-8', { cause });
  }
}

function readHint(text: string, field: string): bigint {
  const value = parseObject(text);
  if (!Object.hasOwn(value, field)) {
    throw new BadInput(`the line has no field "${field}"; name the field with --hint-field`);
  }
  const hint = value[field];
  if (typeof hint === 'string' && /^\d{1,20}$/.test(hint)) return BigInt(hint);
  const digits = typeof hint === 'number' ? sourceOf(text, field) : '';
  if (/^\d{1,20}$/.test(digits)) return BigInt(digits);
  const shown = JSON.stringify(hint).slice(0, 60);
  throw new BadInput(
    `the field "${field}" must hold a whole number that is not negative, not ${shown}`,
  );
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadInput(`the line is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new BadInput('the line is not a JSON object');
}

/** A number of the top level as it is written: beyond 2^53 its parsed value is another number. */
function sourceOf(text: string, field: string): string {
  const sources = new Map<unknown, string>();
  const reviver = function (this: unknown, key: string, value: unknown, context?: SourceText) {
    if (key === field) sources.set(this, context?.source ?? String(value));
    return value;
  };
  return sources.get(JSON.parse(text, reviver)) ?? '';
}

/** The third argument of a reviver, for primitive values (JSON.parse source text access, in V8 since 11.4). */
interface SourceText {
  readonly source?: string;
}
