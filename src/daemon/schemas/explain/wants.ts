import { z } from 'zod';
import type { WantedItem, WantsAnswer } from '../../explain-api.ts';
import { count, hex64, instant } from '../common.ts';
import { schemaOf } from '../define.ts';

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
