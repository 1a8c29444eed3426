import { z } from 'zod';
import type { RefusalReason } from '../node-api.ts';
import { count, errorAnswer, hex64, hintText, instant, PUBLISHER } from './common.ts';
import { refuse, schemaOf } from './define.ts';

/** Longest wait for an item, in milliseconds. */
const MAX_WAIT_MS = 60_000;

const epochText = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'the epoch of the last answer, 16 hexadecimal digits')
  .describe('Places of different epochs have nothing to do with each other');

/** The part of the order of arrival that a client asks for. */
export interface ChangesQuery {
  readonly since: number;
  readonly epoch?: string | undefined;
  readonly limit?: number | undefined;
  readonly payloads: boolean;
  readonly waitMs: number;
}

export const changesQuery: z.ZodType<ChangesQuery> = z
  .strictObject({
    since: wholeNumber('since', 0).optional(),
    epoch: epochText.optional(),
    limit: wholeNumber('limit', 1).optional(),
    payloads: z.enum(['true', 'false']).optional(),
    wait: z
      .string()
      .transform((text, context) => {
        const [, seconds] = /^(\d{1,2})s?$/.exec(text) ?? [];
        const ms = Number(seconds) * 1_000;
        if (ms >= 0 && ms <= MAX_WAIT_MS) return ms;
        return refuse(context, 'INVALID_QUERY', 'wait must be a time from 0s to 60s, such as 30s');
      })
      .meta({ pattern: '^\\d{1,2}s?$', description: 'Seconds from 0s to 60s' })
      .optional(),
  })
  .transform(({ since = 0, payloads, wait: waitMs = 0, ...rest }) => ({
    ...rest,
    since,
    payloads: payloads === 'true',
    waitMs,
  }));

function wholeNumber(name: string, least: number): z.ZodType<number, string> {
  return z
    .string()
    .transform((text, context) => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
      if (value >= least && Number.isSafeInteger(value)) return value;
      return refuse(context, 'INVALID_QUERY', `${name} must be a whole number from ${least} on`);
    })
    .meta({ pattern: '^\\d{1,16}$', description: `A whole number from ${least} on` });
}

/** An item in the order of arrival. */
export interface Change {
  /** Its place, from 1 on. */
  readonly seq: number;
  readonly id: string;
  readonly hint: string;
  /** Of the payload. */
  readonly bytes: number;
  /** `local`, or the peer that it came from; null if that is unknown. */
  readonly from: string | null;
  /** The node that announced it, if push brought it; null: unknown. */
  readonly publisher: string | null;
  /** ISO 8601; null if it is unknown. */
  readonly at: string | null;
  /** In base64, if payloads were asked for; null while the item is not here. */
  readonly payload?: string | null | undefined;
}

/** The first line of an answer. */
export interface ChangesHeader {
  readonly epoch: string;
  readonly since: number;
  /** The last place given when the answer began; the answer goes no further. */
  readonly newest: number;
}

/** The last line of a whole answer. */
export interface ChangesTrailer {
  /** The place to go on from. */
  readonly last: number;
  readonly epoch: string;
}

/** One line of the answer: a header, entries, and a trailer or an error. */
export type ChangesLine =
  | ChangesHeader
  | Change
  | ChangesTrailer
  | { readonly error: RefusalReason };

const change = schemaOf<Change>('Change')(
  z.strictObject({
    seq: count.describe('Place in the order of arrival, from 1 on'),
    id: hex64,
    hint: hintText,
    bytes: count.describe('Of the payload'),
    from: z.string().nullable().describe('local, or the peer it came from; null: unknown'),
    publisher: z.string().nullable().describe(PUBLISHER),
    at: instant.nullable().describe('Null: unknown'),
    payload: z
      .string()
      .nullable()
      .optional()
      .describe('In base64, with payloads=true; null while the item is not here'),
  }),
);

export const changesLine: z.ZodType<ChangesLine> = schemaOf<ChangesLine>('ChangesLine')(
  z.union([
    change,
    z.strictObject({
      epoch: epochText,
      since: count,
      newest: count.describe('The last place when the answer began; it goes no further'),
    }),
    z.strictObject({ last: count.describe('The place to go on from'), epoch: epochText }),
    z.strictObject({ error: errorAnswer }),
  ]),
);
