import { StoreError } from '../errors.ts';
import { MAX_SOURCE_BYTES } from './records/index.ts';

const encoder = new TextEncoder();

/** Throws `INVALID_INIT` unless it is a name of a peer, or null. */
export function checkSource(source: string | null): void {
  if (source === null) return;
  const bytes = typeof source === 'string' ? encoder.encode(source).length : 0;
  if (bytes > 0 && bytes <= MAX_SOURCE_BYTES) return;
  const message = `a source is a text of 1 to ${MAX_SOURCE_BYTES} bytes, or null for items put here`;
  throw new StoreError('INVALID_INIT', message);
}
