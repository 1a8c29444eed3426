import { concatBytes } from '../bytes.ts';
import { checkList } from '../checks.ts';
import { StoreError } from '../errors.ts';
import { checkScheme, combineAll, type FingerprintScheme } from './scheme.ts';

/** Several schemes kept side by side; a state is the states of the parts, one after the other. */
export interface CompositeScheme extends FingerprintScheme {
  readonly parts: readonly FingerprintScheme[];
}

/** One scheme that keeps all of `parts`, in this order. Its digest is the digests of all parts. Throws
 * `INVALID_LIST` or `INVALID_SCHEME`. */
export function composite(parts: readonly FingerprintScheme[]): CompositeScheme {
  checkList(parts, 'schemes');
  for (const part of parts) checkScheme(part);
  const places = parts.map((part, at) => ({ part, offset: offsetOf(parts, at) }));
  const each = (work: (place: SchemePlace) => void): void => {
    for (const place of places) work(place);
  };
  return {
    name: parts.map((part) => part.name).join('+'),
    stateBytes: offsetOf(parts, parts.length),
    parts,
    empty: () => concatBytes(...parts.map((part) => part.empty())),
    add: (state, ids) => each((place) => place.part.add(within(state, place), ids)),
    subtract: (state, ids) => each((place) => place.part.subtract(within(state, place), ids)),
    combine: (state, other) =>
      each((place) => place.part.combine(within(state, place), within(other, place))),
    combineAll: (state, others) =>
      each((place) => {
        const members = others.map((other) => within(other, place));
        combineAll(place.part, within(state, place), members);
      }),
    difference: (state, other) =>
      each((place) => place.part.difference(within(state, place), within(other, place))),
    digest: (state, count) =>
      concatBytes(...places.map((place) => place.part.digest(within(state, place), count))),
  };
}

/** The offset of the state of `part` in a state of `scheme`. Throws `INVALID_SCHEME` when it has none. */
export function partOffset(scheme: FingerprintScheme, part: FingerprintScheme): number {
  const parts = isComposite(scheme) ? scheme.parts : [scheme];
  const at = parts.indexOf(part);
  if (at !== -1) return offsetOf(parts, at);
  const message = `the scheme ${scheme.name} does not keep ${String(part?.name)}`;
  throw new StoreError('INVALID_SCHEME', message);
}

interface SchemePlace {
  readonly part: FingerprintScheme;
  readonly offset: number;
}

function within(state: Uint8Array, { part, offset }: SchemePlace): Uint8Array {
  return state.subarray(offset, offset + part.stateBytes);
}

function isComposite(scheme: FingerprintScheme): scheme is CompositeScheme {
  return 'parts' in scheme;
}

function offsetOf(parts: readonly FingerprintScheme[], at: number): number {
  return parts.slice(0, at).reduce((sum, part) => sum + part.stateBytes, 0);
}
