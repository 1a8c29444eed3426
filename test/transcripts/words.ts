import { type Bound, bytesToHex, INFINITE_HINT } from '../../src/store/index.ts';

/** Bytes that are shown whole. */
const SHORT_BYTES = 8;
/** Entries of a list that are shown. */
const SHORT_LIST = 4;
/** Most characters of a line. */
const WIDTH = 100;

/** A value of a record as text: bytes by their beginning and number, bounds by hint and id. */
export function words(value: unknown): string {
  if (value instanceof Uint8Array) return bytesInWords(value);
  if (Array.isArray(value)) return listInWords(value);
  if (isBound(value)) return boundInWords(value);
  if (typeof value === 'object' && value !== null) return `(${fieldsInWords(value)})`;
  return String(value);
}

/** The fields of a record; those that are false or absent are left out. */
export function fieldsInWords(fields: object): string {
  const told: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === true) told.push(name);
    else if (value !== false && value !== undefined) told.push(`${name} ${words(value)}`);
  }
  return told.join(', ');
}

/** The same text in lines, broken behind commas; the lines behind the first are indented. */
export function wrapped(text: string, indent: string): string {
  const lines = [''];
  for (const part of text.split(/(?<=,) /)) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + part.length > WIDTH) lines.push(`${indent}${part}`);
    else lines[lines.length - 1] = line === '' ? part : `${line} ${part}`;
  }
  return lines.join('\n');
}

function bytesInWords(bytes: Uint8Array): string {
  const hex = bytesToHex(bytes);
  if (bytes.length === 0) return 'none';
  return bytes.length <= SHORT_BYTES ? hex : `${hex.slice(0, 8)}.. (${bytes.length} bytes)`;
}

function listInWords(list: readonly unknown[]): string {
  const shown = list.slice(0, SHORT_LIST).map(words);
  const rest = list.length > SHORT_LIST ? [`.. (${list.length})`] : [];
  return `[${[...shown, ...rest].join('; ')}]`;
}

function isBound(value: unknown): value is Bound {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).join() === 'hint,id';
}

function boundInWords({ hint, id }: Bound): string {
  if (hint === INFINITE_HINT) return 'infinity';
  return id === null ? `${hint}` : `${hint}:${bytesToHex(id).slice(0, 8)}`;
}
