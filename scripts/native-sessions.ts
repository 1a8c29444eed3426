import type { NativeRecord } from '../src/protocol/reconcile/dialects/native/wire/testing.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../src/protocol/reconcile/dialects/native/wire/testing.ts';
import { bytesToHex } from '../src/store/index.ts';

/** Hex digits in a line. */
const WIDTH = 64;

/** A frame, and who sent it. */
export interface Shown {
  readonly from: string;
  readonly hex: string;
}

/** A session as the page shows it: frame by frame, record by record, each with what it says. */
export function renderSession(frames: readonly Shown[]): string {
  return frames
    .flatMap(({ from, hex }) => [
      `    ${from}`,
      ...[...decodeFrame(Uint8Array.from(Buffer.from(hex, 'hex')))].flatMap(renderRecord),
    ])
    .join('\n');
}

/** Replaces the sessions of a page, each behind a heading of its name, by what they are now. */
export function renderPage(page: string, frames: (name: string) => readonly Shown[]): string {
  return page.replace(
    /^(## Session: (.*)\n\n)(?: {4}.*\n)*/gm,
    (_, heading: string, name: string) => `${heading}${renderSession(frames(name))}\n`,
  );
}

function renderRecord(record: NativeRecord): string[] {
  const bytes = record.tag === 'open' ? record.bytes : encodeRecord(record);
  const lines = bytesToHex(bytes).match(new RegExp(`.{1,${WIDTH}}`, 'g'))!;
  const [first, ...rest] = lines.map((line) => `        ${line}`);
  return [`${first!.padEnd(8 + WIDTH)}  ; ${meaning(record)}`, ...rest];
}

function meaning(record: NativeRecord): string {
  const { tag } = record;
  switch (tag) {
    case 'open':
      return `open: flags, nonce, count, root${record.opening.items ? ', longest payload, all payloads' : ''}`;
    case 'proof':
      return 'proof: 16 bytes, 0 refused';
    case 'same':
    case 'later':
    case 'want':
    case 'take':
      return `${tag} ${record.ranges}`;
    case 'split':
      return `split: ${record.parts.length} parts, each its bound, count, digest; the last without bound`;
    case 'cut':
      return `cut: ${record.steps.length + 1} parts of ${record.count} items, in units of 2^${record.shift}; digests of 3 bytes`;
    case 'sketch':
      return `sketch: count ${record.count}, ${record.sums.length} sums, ${record.symbols.length / symbolBytes(record)} symbols`;
    case 'probe':
      return `probe: count ${record.count}, 128 sums`;
    case 'list':
      return `list${record.last ? ': last' : ''}, width ${record.width}, ${record.entries.length / record.width} entries`;
    case 'fail':
      return `fail group ${record.group}: about ${record.differences} differ`;
    case 'more':
      return `more group ${record.group}: ${record.symbols}`;
    case 'symbols':
      return `symbols group ${record.group}: ${record.symbols.length / symbolBytes(record)}`;
    case 'found':
      return `found group ${record.group}${record.last ? ': last' : ''}${gives(record.gives)}; width ${record.width}, ${record.prefixes.length / record.width} prefixes`;
    case 'match':
      return `match group ${record.group}${gives(record.gives)}, ${record.bits.length} bytes of bits`;
    case 'give':
    case 'grant':
      return `${tag} group ${record.group}${record.last ? ': last' : ''}, ${record.ids.length / 32} ids`;
    case 'rest':
      return `rest group ${record.group}${record.last ? ': last' : ''}, ${record.rests.length / 28} ids`;
    case 'recent':
      return `recent${record.last ? ': last' : ''}, ${record.ids.length / 32} ids`;
    case 'items':
      return `items of ${record.of}${record.of === 'give' || record.of === 'grant' ? ` group ${record.group}` : ''}: ${record.items.length}, each its hint, payload`;
    case 'piece':
      return `piece${record.upper === null ? ': last' : ''}, ${record.ids.length / 32} ids`;
    default:
      return tag;
  }
}

function symbolBytes({ narrow = false }: { readonly narrow?: boolean }): number {
  return narrow ? 6 : 8;
}

function gives(follow: boolean): string {
  return follow ? ', ids follow' : '';
}
