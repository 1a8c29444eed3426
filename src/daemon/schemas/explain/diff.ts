import { z } from 'zod';
import { INFINITE_HINT } from '../../../store/index.ts';
import type { DiffAnswer, DiffInit, DiffKey } from '../../explain-api.ts';
import { count, hex64, hintText } from '../common.ts';
import { refuse, schemaOf } from '../define.ts';
import { hintIn } from '../hints.ts';
import { peerText } from '../peers.ts';

/** Keys of each kind in an answer, unless the client says. */
const DEFAULT_KEYS = 1_000;
/** Most such keys, about 1 MiB of JSON each kind. */
const MAX_KEYS = 10_000;

export const diffBody: z.ZodType<DiffInit> = z
  .strictObject({
    peerId: peerText,
    from: hintIn('from', INFINITE_HINT).optional(),
    to: hintIn('to', INFINITE_HINT).optional(),
    limit: z.int().min(1).max(MAX_KEYS).optional().describe('Keys of each kind in the answer'),
  })
  .transform(({ peerId, from = 0n, to = INFINITE_HINT, limit = DEFAULT_KEYS }, context) => {
    if (from < to) return { peerId, from, to, limit };
    return refuse(context, 'INVALID_BODY', `from (${from}) must be below to (${to})`);
  });

const KEY = { id: hex64, hint: hintText.nullable().describe('Null where only the id is known') };
const keys = z.array(schemaOf<DiffKey>('DiffKey')(z.strictObject(KEY)));

const RESULT = {
  peerId: z.string(),
  from: hintText,
  to: hintText,
  equal: z.boolean(),
  truncated: z.boolean().describe('Some keys are not named, or were not compared'),
  counts: z
    .strictObject({ here: count, there: count })
    .describe('Of all keys, also of those beyond the limit'),
};

export const diffAnswer: z.ZodType<DiffAnswer> = schemaOf<DiffAnswer>('Diff')(
  z.strictObject({
    ...RESULT,
    onlyHere: keys,
    onlyThere: keys,
    unlisted: keys.describe('Of the peer; the items are here, and the damaged index omits them'),
  }),
);

/** A line of the answer as NDJSON; the last line has the counts. */
export type DiffLine =
  | ({ readonly side: 'here' | 'there' | 'unlisted' } & DiffKey)
  | { readonly result: Omit<DiffAnswer, 'onlyHere' | 'onlyThere' | 'unlisted'> };

export const diffLine: z.ZodType<DiffLine> = schemaOf<DiffLine>('DiffLine')(
  z.union([
    z.strictObject({ side: z.enum(['here', 'there', 'unlisted']), ...KEY }),
    z.strictObject({ result: z.strictObject(RESULT) }),
  ]),
);
