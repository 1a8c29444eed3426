import { bytesToHex, hexToBytes } from '../../../store/index.ts';
import type { Node } from '../../node-api.ts';
import { AdminError } from '../errors.ts';

/** Ids that the refusal of an ambiguous one names. */
const SHOWN = 5;

/**
 * The id in a path: all 64 digits, or the first 8 or more where one item alone begins with them. Rejects
 * with `NOT_FOUND` or `AMBIGUOUS_ID`.
 */
export async function findId(
  text: string,
  node: Pick<Node, 'idsWith'>,
  { wanted }: { readonly wanted: boolean },
): Promise<Uint8Array> {
  if (isWholeId(text)) return hexToBytes(text);
  const found = await node.idsWith(text, { limit: SHOWN + 1, wanted });
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
