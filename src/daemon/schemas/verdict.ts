import { z } from 'zod';
import type { SyncAnswer, SyncResult, SyncState, Verdict } from '../node-api.ts';
import { count, errorAnswer } from './common.ts';
import { schemaOf } from './define.ts';

export const syncState: z.ZodType<SyncState> = schemaOf<SyncState>('SyncState')(
  z.enum([
    'in-sync',
    'catching-up',
    'behind',
    'different',
    'alone',
    'paused',
    'refusing',
    'rebuilding',
    'unreadable',
    'stopping',
  ]),
);

/** Of answers that carry the verdict. */
export const verdictFields: { readonly [Field in keyof Verdict]: z.ZodType<Verdict[Field]> } = {
  state: syncState,
  reason: z.string().describe('The reason of the state, a sentence'),
  lagSeconds: z
    .number()
    .nullable()
    .describe('Age of the oldest `coversAsOf` of the connected peers; null when a peer has none'),
};

const syncResult = schemaOf<SyncResult>('SyncResult')(
  z.strictObject({
    peerId: z.string(),
    equal: z.boolean().describe('The session found the sets of both sides equal'),
    missing: count.describe('Ids learnt that were missing here'),
    missingThere: count.nullable().describe('Ids that the peer lacked; null: not told'),
    refused: count.describe('Ids that the peer has and this node does not take'),
    error: errorAnswer.nullable(),
  }),
);

export const syncAnswer: z.ZodType<SyncAnswer> = schemaOf<SyncAnswer>('SyncAnswer')(
  z.strictObject({
    equal: z.boolean().describe('There was a session, and each found both sets equal'),
    ...verdictFields,
    sessions: z.array(syncResult),
  }),
);
