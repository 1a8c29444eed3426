/** The attacks of `bench -- hostile`, by name. Each runs in the process of the attacker. */

import type { Attack } from './attack.ts';
import { badRequests, identities, idleHttp, pipelining, strangers } from './connections.ts';
import { forgedRecords, inventedKeys, repeats, tinyItems } from './gossip.ts';
import { unfinishedGossip, unfinishedSession, unreadAnswers } from './memory.ts';
import { emptyLists, probes, wrongFingerprints } from './work.ts';

export type { Target } from './attack.ts';

export const ATTACKS: Readonly<Record<string, Attack>> = {
  'unread-answers': unreadAnswers,
  'unfinished-gossip': unfinishedGossip,
  'unfinished-session': unfinishedSession,
  strangers,
  identities,
  'idle-http': idleHttp,
  pipelining,
  'bad-requests': badRequests,
  'wrong-fingerprints': wrongFingerprints,
  'empty-lists': emptyLists,
  probes,
  repeats,
  'tiny-items': tinyItems,
  'invented-keys': inventedKeys,
  'forged-records': forgedRecords,
};
