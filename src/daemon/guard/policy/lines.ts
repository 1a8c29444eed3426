import { bytesToHex } from '../../../store/index.ts';
import { MAX_REASON_BYTES } from './options.ts';
import type { ItemDecision, ItemQuestion } from './policy.ts';

/** Longest line of an answer, without its end. */
export const MAX_LINE_BYTES = 4_096;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export interface LineInit {
  readonly number: number;
  readonly question: ItemQuestion;
  /** Bytes of the payload that the line shows; with 0 it has no field `first`. */
  readonly firstBytes: number;
}

/** One question as a line of JSON with its end. Hints are decimal text, since they may exceed 2^53. */
export function encodeQuestion({ number, question, firstBytes }: LineInit): string {
  const { item, origin } = question;
  const first = firstBytes > 0 && {
    first: Buffer.from(item.payload.subarray(0, firstBytes)).toString('base64'),
  };
  const line = {
    n: number,
    hint: item.hint.toString(),
    id: bytesToHex(item.id),
    bytes: item.payload.length,
    publisher: origin.publisher,
    peer: origin.peer,
    via: origin.via,
    ...first,
  };
  return `${JSON.stringify(line)}\n`;
}

/** An answer and the number of its question; null: the line is none. Further fields are not looked at. */
export function decodeAnswer(
  line: Uint8Array,
): (ItemDecision & { readonly number: number }) | null {
  try {
    const { n, ...answer } = Object(JSON.parse(decoder.decode(line)));
    const read = answerOf(answer);
    return read !== null && Number.isSafeInteger(n) ? { ...read, number: n } : null;
  } catch {
    return null;
  }
}

/** `{take, reason?}` as a policy gave it; null: it is no answer. */
export function answerOf(value: unknown): ItemDecision | null {
  const { take, reason = '' } = Object(value);
  if (typeof take !== 'boolean' || typeof reason !== 'string') return null;
  return { take, reason: shortened(reason) };
}

/** As many whole characters as fit. */
function shortened(reason: string): string {
  const { read } = encoder.encodeInto(reason, new Uint8Array(MAX_REASON_BYTES));
  return reason.slice(0, read);
}
