/** The attacks of `bench -- hostile`, by name. Each runs in the process of the attacker. */

import type { Attack } from './attack.ts';
import {
  badRequests,
  identities,
  idleHttp,
  pipelining,
  resetFetch,
  strangers,
  unreadHttp,
} from './connections.ts';
import { copies, forgedRecords, inventedKeys, repeats, tinyItems } from './gossip.ts';
import { futureHints, lyingLengths, omissions, readerPushes, writerAsks } from './holders.ts';
import { unfinishedGossip, unfinishedSession, unreadAnswers } from './memory.ts';
import { backwardBounds, echoes, halfClosed, lyingCounts, lyingFloors } from './nonsense.ts';
import { resetRanges, unreadRanges } from './ranges.ts';
import {
  clockQuestions,
  garbageSymbols,
  replayedOpenings,
  slowDrip,
  twinClaims,
} from './services.ts';
import { emptyLists, probes, wrongAnswers, wrongFingerprints } from './work.ts';

export type { Target } from './attack.ts';

export const ATTACKS: Readonly<Record<string, Attack>> = {
  'unread-answers': unreadAnswers,
  'unfinished-gossip': unfinishedGossip,
  'unfinished-session': unfinishedSession,
  strangers,
  identities,
  'idle-http': idleHttp,
  pipelining,
  'unread-http': unreadHttp,
  'bad-requests': badRequests,
  'reset-fetch': resetFetch,
  'unread-ranges': unreadRanges,
  'reset-ranges': resetRanges,
  'wrong-fingerprints': wrongFingerprints,
  'empty-lists': emptyLists,
  probes,
  'wrong-answers': wrongAnswers,
  repeats,
  copies,
  'tiny-items': tinyItems,
  'invented-keys': inventedKeys,
  'forged-records': forgedRecords,
  'clock-questions': clockQuestions,
  'twin-claims': twinClaims,
  'garbage-symbols': garbageSymbols,
  'replayed-openings': replayedOpenings,
  'slow-drip': slowDrip,
  echoes,
  'backward-bounds': backwardBounds,
  'lying-counts': lyingCounts,
  'lying-floors': lyingFloors,
  'lying-lengths': lyingLengths,
  'half-closed': halfClosed,
  'future-hints': futureHints,
  omissions,
  'reader-pushes': readerPushes,
  'writer-asks': writerAsks,
};
