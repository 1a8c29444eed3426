import { z } from 'zod';
import type { Asked, AskedPeer, WhyAnswer, WhyAttempt } from '../../node-api.ts';
import { count, errorAnswer, hex64, hintText, instant, PUBLISHER } from '../common.ts';
import { refusalFields } from '../control/index.ts';
import { schemaOf } from '../define.ts';
import { provedAt } from '../peers.ts';
import { wantFields } from './wants.ts';

/** Where an item is, or why it is not here. */
export type ItemWhy = { readonly id: string } & WhyAnswer;

const ID = { id: hex64 };

const attempt = schemaOf<WhyAttempt>('WhyAttempt')(
  z.strictObject({
    peerId: z.string(),
    at: instant,
    outcome: z.enum([
      ...(['absent', 'large', 'too-large', 'unstored', 'invalid', 'stalled', 'failed'] as const),
    ]),
    error: errorAnswer.nullable(),
  }),
);
const attempts = z
  .array(attempt)
  .describe('The last request to each source that did not bring it, the oldest first');

const askedPeer = schemaOf<AskedPeer>('AskedPeer')(
  z.strictObject({
    peerId: z.string(),
    lastSession: instant.nullable().describe('Its start; null: none since the peer connected'),
    coversAsOf: provedAt.nullable().describe('The peer did not hold the item then'),
  }),
);

const ASKED: { readonly [Field in keyof Asked]: z.ZodType<Asked[Field]> } = {
  attempts,
  asked: z.array(askedPeer).describe('The connected peers'),
};

const arrival = z.strictObject({
  seq: count.describe('Place in the order of arrival'),
  at: instant.nullable().describe('Null: time and source are not known'),
  source: z.string().nullable().describe('The peer that sent it, or `local`'),
  publisher: z.string().nullable().describe(PUBLISHER),
});

const have = z.strictObject({
  ...ID,
  state: z.literal('have'),
  hint: hintText,
  bytes: count,
  arrival: arrival.nullable().describe('Null while the order of arrival is written again'),
  indexed: z
    .boolean()
    .nullable()
    .describe('False: peers do not learn of it; null while there is no whole index'),
  lackedBy: z
    .array(z.strictObject({ peerId: z.string(), since: instant, at: instant }))
    .describe('Connected peers that lacked it in their last session over everything'),
});

export const itemWhy: z.ZodType<ItemWhy> = schemaOf<ItemWhy>('ItemWhy')(
  z.union([
    have,
    z.strictObject({
      ...ID,
      state: z.literal('wanted'),
      ...wantFields,
      attempts,
      expiresAt: instant,
    }),
    z.strictObject({
      ...ID,
      state: z.literal('refused'),
      refusedAt: z.array(z.string()).describe('Peers that say that it is above the limit here'),
      refusal: z
        .strictObject(refusalFields)
        .nullable()
        .describe('Who keeps it out; null: only its length does'),
    }),
    z.strictObject({ ...ID, state: z.literal('expired'), at: instant, ...ASKED }),
    z.strictObject({ ...ID, state: z.literal('unknown'), ...ASKED }),
  ]),
);
