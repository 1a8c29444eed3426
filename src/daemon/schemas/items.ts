import { z } from 'zod';
import { INFINITE_HINT, type ItemKey } from '../../store/index.ts';
import { count, hex64, hintText } from './common.ts';
import { refuse, schemaOf } from './define.ts';
import { cursor, hintIn, limitIn } from './hints.ts';

/** Keys in one answer if the client gives no limit. */
const DEFAULT_LIMIT = 100;
/** Most keys in one answer, about 100 KiB of JSON. */
const MAX_LIMIT = 1_000;

export const putQuery: z.ZodType<{ hint?: bigint | undefined }> = z.strictObject({
  hint: hintIn('hint', INFINITE_HINT - 1n).optional(),
});

/** The part of the set that a page of keys is taken from. */
export interface ListQuery {
  readonly from: bigint;
  readonly to: bigint;
  readonly limit: number;
  readonly after?: ItemKey | undefined;
}

export const listQuery: z.ZodType<ListQuery> = z
  .strictObject({
    from: hintIn('from', INFINITE_HINT).optional(),
    to: hintIn('to', INFINITE_HINT).optional(),
    limit: limitIn(MAX_LIMIT).optional(),
    cursor: cursor.optional(),
  })
  .transform(({ from = 0n, to = INFINITE_HINT, limit = DEFAULT_LIMIT, cursor }, context) => {
    if (from > to) {
      return refuse(context, 'INVALID_QUERY', `from (${from}) must not be above to (${to})`);
    }
    return { from, to, limit, ...(cursor !== undefined && { after: cursor }) };
  });

/** The id of an item in a path, or its first digits: see `findId`. */
export const idParams: z.ZodType<{ id: string }> = z.strictObject({
  id: z
    .string()
    .transform((text, context) => {
      if (/^[0-9a-f]{8,64}$/i.test(text)) return text.toLowerCase();
      const message = 'an id has 64 hexadecimal digits; give all, or the first 8 or more';
      return refuse(context, 'INVALID_ID', message);
    })
    .meta({
      pattern: '^[0-9a-fA-F]{8,64}$',
      description: '64 hexadecimal digits, or the first 8 or more where they name an item alone',
    }),
});

/** The daemon's answer to a put. */
export interface PutAnswer {
  readonly id: string;
  readonly hint: string;
  readonly created: boolean;
}

export const putAnswer: z.ZodType<PutAnswer> = schemaOf<PutAnswer>('PutAnswer')(
  z.strictObject({
    id: hex64,
    hint: hintText,
    created: z.boolean().describe('False: the item was here already'),
  }),
);

/** A page of keys. */
export interface ItemPage {
  readonly items: readonly {
    readonly hint: string;
    readonly id: string;
    readonly bytes: number | null;
  }[];
  /** Of the next page; null at the end. */
  readonly cursor: string | null;
}

export const itemPage: z.ZodType<ItemPage> = schemaOf<ItemPage>('ItemPage')(
  z.strictObject({
    items: z.array(
      z.strictObject({
        hint: hintText,
        id: hex64,
        bytes: count.nullable().describe('Of the payload; null: its record cannot be read'),
      }),
    ),
    cursor: z.string().nullable().describe('For the next page; null at the end'),
  }),
);
