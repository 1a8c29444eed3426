import { z } from 'zod';
import type { LoggedSession, PeerDetails, SessionsAnswer } from '../../explain-api.ts';
import { count } from '../common.ts';
import { refuse, schemaOf } from '../define.ts';
import { lastSession, peerFields, sessionFields } from '../peers.ts';
import { gapFields } from './synced.ts';

const loggedSession = schemaOf<LoggedSession>('LoggedSession')(
  z.strictObject({
    number: count.describe('Grows by one with each session since the start'),
    peerId: z.string(),
    purpose: z
      .enum(['settle', 'survey', 'compare'])
      .describe('To fetch what is missing, to find out whether sets differ, or to name the keys'),
    equal: z.boolean().describe('The session found the sets of both sides equal'),
    ...sessionFields,
  }),
);

export const sessionsAnswer: z.ZodType<SessionsAnswer> = schemaOf<SessionsAnswer>('Sessions')(
  z.strictObject({
    running: z.array(
      z.strictObject({
        peerId: z.string(),
        session: lastSession.nullable().describe('Null while the session waits for its turn'),
      }),
    ),
    ended: z.array(loggedSession).describe('The newest first'),
  }),
);

/** Of `/v1/peers/{peerId}`. */
export const peerParams: z.ZodType<{ peerId: string }> = z.strictObject({
  peerId: z
    .string()
    .transform((text, context) => {
      if (/^[0-9A-Za-z]{1,128}$/.test(text)) return text;
      const message = 'a peer id has letters and digits, such as 12D3KooW...';
      return refuse(context, 'INVALID_QUERY', message);
    })
    .meta({ pattern: '^[0-9A-Za-z]{1,128}$', description: 'A peer id' }),
});

export const peerDetails: z.ZodType<PeerDetails> = schemaOf<PeerDetails>('PeerDetails')(
  z.strictObject({
    ...peerFields,
    ...gapFields,
    wanted: count.describe('Wanted items that the peer lists'),
    running: z.boolean().describe('A session with the peer runs'),
    sessions: z
      .array(loggedSession)
      .describe('Its sessions among the last 200 of all peers, the newest first'),
  }),
);
