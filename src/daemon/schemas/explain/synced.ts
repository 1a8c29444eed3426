import { z } from 'zod';
import type { PeerProof, SyncedAnswer, SyncedInit } from '../../explain-api.ts';
import { count, errorAnswer, instant } from '../common.ts';
import { refuse, schemaOf } from '../define.ts';
import { limitIn, waitIn } from '../hints.ts';
import { provedAt, termFields } from '../peers.ts';
import { verdictFields } from '../verdict.ts';

/** Longest time that a client may wait for an answer. */
const MAX_WAIT_SECONDS = 60;
/** A day: nothing renews proofs so seldom. */
const MAX_LAG_SECONDS = 86_400;
/** Twice the age at which a question renews a proof: a renewal that finds items has time to fetch them. */
const DEFAULT_LAG_SECONDS = 10;

const MOMENT = /^(?:now|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

/** As the daemon writes times, so that the texts compare as the times do. */
const moment = z
  .string()
  .transform((text, context) => {
    if (MOMENT.test(text)) return text;
    const message = 'provedSince must be now, or the provedSince of the last answer';
    return refuse(context, 'INVALID_QUERY', message);
  })
  .meta({ pattern: MOMENT.source, description: '`now`, or the `provedSince` of the last answer' });

type SyncedQuery = Pick<SyncedInit, 'maxLagSeconds' | 'provedSince' | 'waitMs'>;

export const syncedQuery: z.ZodType<SyncedQuery> = z
  .strictObject({
    maxLagSeconds: limitIn(MAX_LAG_SECONDS, 'maxLagSeconds').optional(),
    provedSince: moment.optional(),
    wait: waitIn(MAX_WAIT_SECONDS).optional(),
  })
  .transform(({ maxLagSeconds = DEFAULT_LAG_SECONDS, provedSince = null, wait: waitMs = 0 }) => ({
    maxLagSeconds,
    provedSince,
    waitMs,
  }));

/** The items that one side lacks, as far as sessions tell. */
export const gapFields: {
  readonly [Field in 'lacks' | 'lacksSince' | 'unlisted']: z.ZodType<PeerProof[Field]>;
} = {
  lacks: count.describe('Items that the peer goes on lacking, as far as sessions named them'),
  lacksSince: instant.nullable(),
  unlisted: count.describe(
    'Items of the peer that are here, and that the index here does not list',
  ),
};

const peerProof = schemaOf<PeerProof>('PeerProof')(
  z.strictObject({
    peerId: z.string(),
    inSync: z.boolean().describe("Both sides' current sets are known to be equal"),
    coversAsOf: provedAt.nullable().describe('All items that the peer held then are on this disk'),
    coversSinceAsked: instant
      .nullable()
      .describe('As `coversAsOf`, by sessions that this node began: `provedSince` counts these'),
    equalAsOf: provedAt.nullable().describe('Both sets were equal then'),
    lagSeconds: z.number().nullable().describe('Age of `coversAsOf`; null if it is not whole'),
    ...gapFields,
    ...termFields,
    error: errorAnswer.nullable().describe('Of the last session'),
  }),
);

export const syncedAnswer: z.ZodType<SyncedAnswer> = schemaOf<SyncedAnswer>('Synced')(
  z.strictObject({
    synced: z.boolean(),
    ...verdictFields,
    maxLagSeconds: z.number().describe('Oldest proof that counts: as asked, or 10'),
    provedSince: instant
      .nullable()
      .describe(
        'Proofs that began before this did not count: as asked; a further call may name it',
      ),
    wanted: count.describe('Ids known to be missing here'),
    orphans: count.describe('Those among them that no connected peer is known to have'),
    refused: count.describe('Items at peers above limits.maxItemBytes'),
    peers: z.array(peerProof).describe('Connected peers with which sessions are possible'),
  }),
);
