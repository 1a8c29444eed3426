import { z } from 'zod';
import type { BudgetsNow } from '../budgets/index.ts';
import type { CatchUpStatus, Status } from '../node-api.ts';
import { count, errorAnswer, hex64, instant } from './common.ts';
import { pauseState } from './control/index.ts';
import { schemaOf } from './define.ts';
import { retentionStatus } from './guard/index.ts';
import { peerStatus } from './peers.ts';
import { verdictFields } from './verdict.ts';

const catchUp = schemaOf<CatchUpStatus>('CatchUp')(
  z.strictObject({
    startedAt: instant,
    phase: z.enum(['slices', 'closing']),
    stored: count.describe('Listed items that have been stored'),
    missing: count.describe('Items still missing, in part by estimates'),
    estimated: z.boolean().describe('A part of `missing` rests on unproved counts of peers'),
    slices: z.strictObject({ total: count, closed: count, checked: count, givenUp: count }),
    peers: count.describe('Peers that take part'),
    itemsPerSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
  }),
);

const budgets = schemaOf<BudgetsNow>('Budgets')(
  z.strictObject({
    uploadBytesPerSecond: count.describe('To all peers together; 0: no limit'),
    downloadBytesPerSecond: count,
    peerUploadBytesPerSecond: count.describe('To each peer; 0: no limit'),
    peerDownloadBytesPerSecond: count,
    scheduled: z.string().nullable().describe('The line of budgets.schedule that holds now'),
  }),
);

const push = schemaOf<NonNullable<Status['push']>>('PushTotals')(
  z.strictObject({
    announced: count,
    dropped: count,
    messages: count,
    duplicates: count,
    received: count,
    known: count,
    rejected: count,
    ignored: count,
    gaps: count,
    overloaded: z.boolean(),
  }),
);

export const status: z.ZodType<Status> = schemaOf<Status>('Status')(
  z.strictObject({
    ...verdictFields,
    version: z.string(),
    peerId: z.string(),
    network: z.string(),
    addresses: z.array(z.string()),
    uptimeSeconds: z.number(),
    set: z.strictObject({
      items: count,
      bytes: count.describe('Of payloads'),
      storedBytes: count.describe('Bytes that limits.maxSetBytes counts'),
      fingerprint: hex64.nullable().describe('Null while there is no whole index'),
    }),
    wanted: count.describe('Ids known to be missing here'),
    orphans: count.describe('Those among them that no connected peer is known to have'),
    catchUp: catchUp.nullable().describe('Null unless this node is far behind'),
    refused: count.describe('Items at peers above limits.maxItemBytes'),
    refusing: errorAnswer.nullable().describe('Why puts and fetches are refused at the moment'),
    rebuilding: z.strictObject({ items: count, of: count }).nullable(),
    needsRefill: z.boolean(),
    commit: count.describe('Number of the last commit'),
    quarantined: count,
    scrub: z.strictObject({ running: z.boolean(), checked: count, passes: count }),
    incidents: z
      .array(z.strictObject({ at: instant, code: z.string(), message: z.string() }))
      .describe('The last 50 incidents of the store since the start, oldest first'),
    transfer: z.strictObject({ receivedBytes: count, sentBytes: count }),
    budgets: budgets.describe('Bounds on the bytes of replication that hold now'),
    push: push.nullable().describe('Null when push is off'),
    mesh: z.strictObject({ degree: count, connected: count, known: count }),
    paused: pauseState.describe('Peers with which an operator has paused replication'),
    retention: retentionStatus.describe('Which hints are kept, and the removal of other items'),
    peers: z.array(peerStatus),
  }),
);
