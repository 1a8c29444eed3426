import { z } from 'zod';
import type { WantedItem, WantsAnswer } from '../../explain-api.ts';
import { count, hex64, instant } from '../common.ts';
import { refuse, schemaOf } from '../define.ts';
import { limitIn } from '../hints.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** A page of wanted items. */
export interface WantsQuery {
  readonly limit: number;
  /** The last id of the page before; null: the first page. */
  readonly after: string | null;
}

const cursor = z
  .string()
  .transform((text, context) => {
    if (/^[0-9a-f]{64}$/.test(text)) return text;
    return refuse(context, 'INVALID_CURSOR', 'give the cursor of the last answer unchanged');
  })
  .meta({ description: 'The cursor of the last answer' });

export const wantsQuery: z.ZodType<WantsQuery> = z
  .strictObject({ limit: limitIn(MAX_LIMIT).optional(), cursor: cursor.optional() })
  .transform(({ limit = DEFAULT_LIMIT, cursor: after = null }) => ({ limit, after }));

/** Facts of a wanted item, also in the answer that says why it is missing. */
export const wantFields: {
  readonly [Field in Exclude<keyof WantedItem, 'id'>]: z.ZodType<WantedItem[Field]>;
} = {
  since: instant,
  confirmed: z.boolean().describe('Two peers that have delivered items have listed it'),
  sources: z.array(z.string()).describe('Connected peers that may be asked for it'),
  fetchingFrom: z.string().nullable(),
  bytes: count.nullable().describe('By the word of a peer'),
};

export const wantsAnswer: z.ZodType<WantsAnswer> = schemaOf<WantsAnswer>('Wants')(
  z.strictObject({
    wanted: count.describe('Ids known to be missing here'),
    orphans: count.describe('Those among them that no connected peer is known to have'),
    items: z.array(
      schemaOf<WantedItem>('WantedItem')(z.strictObject({ id: hex64, ...wantFields })),
    ),
    cursor: z.string().nullable().describe('For the next page; null on the last page'),
  }),
);
