import { ZERO_BOUND } from '../../../../../store/index.ts';
import { BRANCHING, CUT_DIGEST_BYTES, DIGEST_BYTES } from '../constants.ts';
import { type FrameReader, malformed } from './bytes.ts';
import { type Codec, POSITIVE } from './fields.ts';
import type { CutRecord, SplitPart, SplitRecord } from './records.ts';

function readParts(from: FrameReader): number {
  const parts = from.byte();
  if (parts >= 2 && parts <= BRANCHING) return parts;
  throw malformed(`a range is split into 2 to ${BRANCHING} parts, not ${parts}`);
}

/** Each part: bound (none for the last part), count, digest. */
export const SPLIT: Codec<Omit<SplitRecord, 'tag'>> = {
  read(from) {
    const count = readParts(from);
    const parts: SplitPart[] = [];
    let previous = ZERO_BOUND;
    for (let left = count; left > 0; left--) {
      const upper = left === 1 ? null : from.boundAfter(previous);
      parts.push({ upper, count: from.count(), digest: from.take(DIGEST_BYTES).slice() });
      previous = upper ?? previous;
    }
    return { parts };
  },
  write(to, { parts }) {
    to.byte(parts.length);
    let previous = ZERO_BOUND;
    for (const { upper, count, digest } of parts) {
      if (upper !== null) to.boundAfter(previous, upper);
      to.count(count).bytes(digest);
      previous = upper ?? previous;
    }
  },
};

const MAX_SHIFT = 63;

export const CUT: Codec<Omit<CutRecord, 'tag'>> = {
  read(from) {
    const parts = readParts(from);
    const count = POSITIVE.read(from);
    const shift = from.byte();
    if (shift > MAX_SHIFT) throw malformed(`hints are not cut in units of 2^${shift}`);
    const steps = Array.from({ length: parts - 1 }, () => from.varint());
    if (steps.includes(0n)) throw malformed('its bounds do not increase');
    return { count, shift, steps, digests: from.take(parts * CUT_DIGEST_BYTES).slice() };
  },
  write(to, { count, shift, steps, digests }) {
    to.byte(steps.length + 1)
      .count(count)
      .byte(shift);
    for (const step of steps) to.varint(step);
    to.bytes(digests);
  },
};
