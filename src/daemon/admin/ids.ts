import { bytesToHex } from '../../store/index.ts';
import type { Node } from '../node-api.ts';
import { AdminError } from './errors.ts';
import { parseId } from './query.ts';

/** Ids that the refusal of an ambiguous one names. */
const SHOWN = 5;

/**
 * The id in a path: all 64 digits, or the first 8 or more where one item alone begins with them. Rejects
 * with `INVALID_ID`, `NOT_FOUND` or `AMBIGUOUS_ID`.
 */
export async function findId(
  text: string,
  node: Pick<Node, 'idsWith'>,
  { wanted }: { readonly wanted: boolean },
): Promise<Uint8Array> {
  if (!/^[0-9a-f]{8,63}$/i.test(text)) return parseId(text);
  const found = await node.idsWith(text.toLowerCase(), { limit: SHOWN + 1, wanted });
  const [first, ...others] = found;
  if (first === undefined) {
    throw new AdminError('NOT_FOUND', `no item is held here whose id begins with ${text}`);
  }
  if (others.length === 0) return first;
  const shown = found.slice(0, SHOWN).map(bytesToHex).join(', ');
  const more = found.length > SHOWN ? ' and others' : '';
  const message = `${found.length > SHOWN ? 'many' : found.length} ids begin with ${text}: ${shown}${more}; give more digits`;
  throw new AdminError('AMBIGUOUS_ID', message);
}

/** Whether the text is a whole id. */
export function isWholeId(text: string): boolean {
  return text.length === 64;
}
