import { checkOf, type ShortIdForm } from './coding.ts';

/** Bytes of an id that a short id hides and does not hash. */
export const FIRST_BYTES = 4;

/** The low word of a short id, from its high one and the low word of a hash. */
export function lowOf(high: number, low: number, form: ShortIdForm): number {
  const middle = form === 'narrow' ? high & 0xffff : low >>> 16;
  return ((middle << 16) | checkOf(high, middle)) >>> 0;
}
