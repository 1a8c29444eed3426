import { readLines, type TextLine } from '../../client/index.ts';
import type { DaemonError } from '../../errors.ts';
import { usage } from '../errors.ts';
import { BadInput, type ImportCandidate, type Loaded } from './candidate.ts';

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
  for await (const line of readLines(textOf(init.chunks, init.path), init.maxBytes)) {
    const origin = { path: init.path, line: line.number };
    yield { origin, load: async () => loadLine(line, init.hintField) };
  }
}

const MARK = Buffer.of(0xef, 0xbb, 0xbf);
/** Text has no zero bytes; what has none in so many may be text. */
const TELLING_BYTES = 64 * 1024;

/** The chunks without a byte-order mark, which is no part of the first line. Throws `USAGE` if they are no text. */
async function* textOf(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  let begun: Uint8Array | null = new Uint8Array();
  for await (const chunk of chunks) {
    if (seen < TELLING_BYTES && chunk.includes(0)) throw notText(path);
    seen += chunk.length;
    if (begun === null) {
      yield chunk;
      continue;
    }
    begun = Buffer.concat([begun, chunk]);
    if (begun.length < MARK.length) continue;
    yield withoutMark(begun);
    begun = null;
  }
  if (begun !== null) yield begun;
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return MARK.equals(bytes.subarray(0, MARK.length)) ? bytes.subarray(MARK.length) : bytes;
}

function notText(path: string): DaemonError {
  const name = path === '-' ? 'standard input' : path;
  return usage(`${name} is no NDJSON, since it has zero bytes: unpack it, or store it with "put"`);
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
  // 1e3 is another spelling of 1000.
  if (typeof hint === 'number' && Number.isSafeInteger(hint) && hint >= 0) return BigInt(hint);
  const source = typeof hint === 'number' ? sourceOf(text, field) : JSON.stringify(hint);
  if (typeof hint === 'number' && /^\d{1,20}$/.test(source)) return BigInt(source);
  throw new BadInput(
    `the field "${field}" must hold a whole number in digits that is not negative, not ${source.slice(0, 60)}`,
  );
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadInput('the line is not JSON: write each item as an object on a line', { cause });
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
  try {
    return sources.get(JSON.parse(text, reviver)) ?? '';
  } catch (cause) {
    const advice = `write the number in "${field}" as a string`;
    throw new BadInput(`the line is nested too deep to read a number above 2^53: ${advice}`, {
      cause,
    });
  }
}

/** The third argument of a reviver, for primitive values (JSON.parse source text access, in V8 since 11.4). */
interface SourceText {
  readonly source?: string;
}
