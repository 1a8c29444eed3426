import { z } from 'zod';
import type { LastSession, PeerStatus, ProvedAt } from '../node-api.ts';
import type { PeerStanding } from '../penalties/index.ts';
import { count, errorAnswer, instant } from './common.ts';
import { refuse, schemaOf } from './define.ts';

const addressText = z.string().min(1).max(2_048).describe('A multiaddr');
export const peerText: z.ZodString = z.string().min(1).max(256).describe('A peer id');

/** The body that names an address to dial. */
export const addressBody: z.ZodType<{ address: string }> = z.strictObject({ address: addressText });

/** What to forget: an address, or a peer with all its addresses. */
export type LeavingBody = { readonly address: string } | { readonly peerId: string };

/** The body that names an address or a peer to forget. */
export const leavingBody: z.ZodType<LeavingBody> = z
  .strictObject({ address: addressText.optional(), peerId: peerText.optional() })
  .transform(({ address, peerId }, context): LeavingBody => {
    if (address !== undefined && peerId === undefined) return { address };
    if (peerId !== undefined && address === undefined) return { peerId };
    return refuse(context, 'INVALID_BODY', 'give either "address" or "peerId"');
  });

export const provedAt: z.ZodType<ProvedAt> = schemaOf<ProvedAt>('ProvedAt')(
  z.strictObject({
    at: instant,
    interval: z
      .strictObject({ lower: z.string(), upper: z.string() })
      .describe('Bounds: a hint, and behind a colon the first digits of an id; or "infinity"'),
    whole: z.boolean().describe('The interval was all that both nodes accepted; else a part of it'),
  }),
);

/** The fields of a session. */
export const sessionFields: {
  readonly [Field in keyof LastSession]: z.ZodType<LastSession[Field]>;
} = {
  role: z.enum(['initiator', 'responder']),
  dialect: z.string(),
  efficiency: z
    .number()
    .nullable()
    .describe('Bytes in both directions over the information bound; null: unknown'),
  startedAt: instant,
  durationMs: z.number().min(0),
  rounds: count.describe('Frames received'),
  bytesSent: count,
  bytesReceived: count,
  missing: count.describe('Ids learnt that were missing here'),
  missingThere: count.nullable().describe('Ids that the peer lacked; null: not told'),
  error: errorAnswer.nullable(),
};

export const lastSession: z.ZodType<LastSession> = schemaOf<LastSession>('LastSession')(
  z.strictObject(sessionFields),
);

const peerStanding: z.ZodType<PeerStanding> = schemaOf<PeerStanding>('PeerStanding')(
  z.strictObject({
    role: z
      .enum(['replicate', 'read', 'write'])
      .describe('read: its items are not taken; write: it gets none'),
    score: count.describe('Points of penalties at present; half of them go in ten minutes'),
    lastPenalty: z
      .strictObject({ code: z.string(), protocol: z.string(), at: instant })
      .nullable()
      .describe('The last incident that counted'),
    bannedUntil: instant.nullable().describe('Null: the peer is not banned'),
  }),
);

/** What a peer said in the last session. */
export const termFields: {
  readonly [Field in 'gives' | 'takes']: z.ZodType<PeerStatus[Field]>;
} = {
  gives: z.boolean().describe('False: it gives this node nothing (access.write there)'),
  takes: z.boolean().describe('False: it takes nothing of this node (access.read there)'),
};

/** The fields of a peer. */
export const peerFields: { readonly [Field in keyof PeerStatus]: z.ZodType<PeerStatus[Field]> } = {
  peerId: z.string().nullable().describe('Null until an address without a peer id is reached'),
  address: z.string().nullable(),
  origin: z.enum(['config', 'runtime', 'discovered', 'inbound']),
  connected: z.boolean(),
  inSync: z.boolean().describe("Both sides' current sets are known to be equal"),
  coversAsOf: provedAt.nullable().describe('All items that the peer held then are on this disk'),
  equalAsOf: provedAt.nullable().describe('Both sets were equal then'),
  lastSession: lastSession.nullable(),
  lastError: z
    .strictObject({ code: z.string(), message: z.string(), at: instant })
    .nullable()
    .describe('Why the peer is not connected, or no session with it is possible'),
  speaks: z
    .strictObject({
      networks: z.array(z.string()).describe('Names of its networks; empty for another program'),
      dialects: z.array(z.string()).describe('Of all its networks, such as native/1'),
    })
    .nullable()
    .describe('What the peer said when it last connected; null: it has not since the start'),
  standing: peerStanding,
  clockOffsetMs: z
    .number()
    .nullable()
    .describe('Milliseconds that its clock is ahead, by its own word; null: not known'),
  clockMeasuredAt: instant.nullable().describe('When it said so'),
  ...termFields,
};

export const peerStatus: z.ZodType<PeerStatus> = schemaOf<PeerStatus>('PeerStatus')(
  z.strictObject(peerFields),
);

/** The peers that a node knows. */
export interface PeerList {
  readonly peers: readonly PeerStatus[];
}

export const peerList: z.ZodType<PeerList> = schemaOf<PeerList>('PeerList')(
  z.strictObject({ peers: z.array(peerStatus) }),
);

/** The answer of a call that forgot an address or a peer. */
export interface LeavingAnswer {
  /** The peer that was forgotten; absent where an address was. */
  readonly forgotten?: string | undefined;
  /** Addresses that are not dialled any more. */
  readonly removed: readonly string[];
}

export const leavingAnswer: z.ZodType<LeavingAnswer> = schemaOf<LeavingAnswer>('LeavingAnswer')(
  z.strictObject({
    forgotten: z.string().optional().describe('The peer that was forgotten'),
    removed: z.array(z.string()).describe('Addresses that are not dialled any more'),
  }),
);
