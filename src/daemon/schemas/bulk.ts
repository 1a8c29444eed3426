import { z } from 'zod';
import { INFINITE_HINT } from '../../store/index.ts';
import {
  type BulkFormat,
  EXPORT_FORMAT,
  type ExportHeader,
  type ExportTrailer,
} from '../bulk/index.ts';
import type { RefusalReason } from '../node-api.ts';
import { count, errorAnswer, hex64, hintText } from './common.ts';
import { refuse, schemaOf } from './define.ts';
import { hintIn } from './hints.ts';
import { type PutAnswer, putAnswer } from './items.ts';

/** Most ids of one call. */
export const MAX_IDS = 65_536;

/** A list of ids. */
export const idsBody: z.ZodType<{ ids: string[] }> = z.strictObject({
  ids: z
    .array(z.string().regex(/^[0-9a-fA-F]{64}$/, 'an id of 64 hexadecimal digits'))
    .max(MAX_IDS)
    .describe('64 hexadecimal digits each'),
});

/** A line of a batch in NDJSON, for the document: `NdjsonDecoder` checks it. */
export const batchItem: z.ZodType = z.strictObject({
  hint: z
    .union([hintText, count])
    .optional()
    .describe('Place in the order; without it the item gets the present time in milliseconds'),
  id: hex64.optional().describe('Checked where it is given; it needs `hint` beside it'),
  payload: z
    .string()
    .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
    .describe('Base64'),
});

/** The end of the answer to a batch. */
export interface BatchTrailer {
  readonly items: number;
  readonly created: number;
  /** Were here already. */
  readonly held: number;
  readonly failed: number;
  /** Why the batch was not read to its end; null: it was. */
  readonly error: RefusalReason | null;
}

/** A line of the answer to a batch. */
export type BatchLine =
  | PutAnswer
  | { readonly error: RefusalReason; readonly line: number }
  | { readonly trailer: BatchTrailer };

export const batchLine: z.ZodType<BatchLine> = schemaOf<BatchLine>('BatchLine')(
  z.union([
    putAnswer,
    z.strictObject({
      error: errorAnswer,
      line: count.describe('Number of the line or record in the request, from 1'),
    }),
    z.strictObject({
      trailer: z.strictObject({
        items: count,
        created: count,
        held: count.describe('Were here already'),
        failed: count,
        error: errorAnswer.nullable().describe('Why the batch was not read to its end'),
      }),
    }),
  ]),
);

/** The answer to a list of ids. */
export interface HaveAnswer {
  /** Whether each id is held, in order. */
  readonly have: readonly boolean[];
}

export const haveAnswer: z.ZodType<HaveAnswer> = schemaOf<HaveAnswer>('HaveAnswer')(
  z.strictObject({ have: z.array(z.boolean()).describe('In the order of the ids') }),
);

/** A line of a stream of items in NDJSON. */
export type ItemLine =
  | { readonly hint: string; readonly id: string; readonly payload: string }
  | { readonly header: ExportHeader }
  | { readonly trailer: ExportTrailer }
  | { readonly error: RefusalReason }
  | { readonly missing: string };

export const itemLine: z.ZodType<ItemLine> = schemaOf<ItemLine>('ItemLine')(
  z.union([
    z.strictObject({ hint: hintText, id: hex64, payload: z.string().describe('Base64') }),
    z.strictObject({
      header: z.strictObject({
        format: z.literal(EXPORT_FORMAT),
        from: hintText,
        to: hintText,
        items: count.describe('Items that follow'),
      }),
    }),
    z.strictObject({
      trailer: z.strictObject({
        items: count,
        bytes: count.describe('Of payloads'),
        fingerprint: hex64.describe('Of the set of these items'),
      }),
    }),
    z.strictObject({ error: errorAnswer }),
    z.strictObject({ missing: hex64.describe('Of an item that is not held') }),
  ]),
);

/** The part of the set that is exported. */
export interface ExportQuery {
  readonly from: bigint;
  readonly to: bigint;
  readonly format: BulkFormat | undefined;
}

export const exportQuery: z.ZodType<ExportQuery> = z
  .strictObject({
    from: hintIn('from', INFINITE_HINT).optional(),
    to: hintIn('to', INFINITE_HINT).optional(),
    format: z
      .enum(['ndjson', 'binary'])
      .optional()
      .describe('Lines of JSON, or length-prefixed records; without it Accept decides'),
  })
  .transform(({ from = 0n, to = INFINITE_HINT, format }, context) => {
    if (from > to)
      return refuse(context, 'INVALID_QUERY', `from (${from}) must not be above to (${to})`);
    return { from, to, format };
  });
