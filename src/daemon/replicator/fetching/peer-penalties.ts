import type { FetchReport } from '../../../protocol/index.ts';
import type { FetchSource } from './sources.ts';

/** A peer that sent wrong bytes for so many ids in a row is believed nothing it listed. */
const INVALID_IDS = 3;
/** Likewise one that said a wrong length of so many items; what it says of lengths is then never believed. */
const LIES = 3;
/** Likewise one that lacks so many ids it listed, and delivers nothing meanwhile. */
const ABSENT_IDS = 256;

/** Likewise one that so many requests in a row got nothing from, until it delivers something. */
const VAIN_REQUESTS = 8;

export interface Judgement {
  /** It is asked nothing for a while, longer each time. */
  readonly rest: boolean;
  /** Nothing it listed is believed any more. */
  readonly disbelieved: boolean;
}

/** Whether what the peer says of lengths is believed. */
export function isLiar({ lies }: FetchSource): boolean {
  return lies >= LIES;
}

/** Whether asking the peer has been in vain for so long that its lists are likely made up. */
export function bringsNothing({ inVain }: FetchSource): boolean {
  return inVain >= VAIN_REQUESTS;
}

/** The peer said that an item has another length than it has: an honest one never does. */
export function judgeLie(source: FetchSource): Judgement {
  source.lies++;
  return { rest: true, disbelieved: isLiar(source) };
}

/**
 * What the outcome of a request means for its source. What it means for the ids is in `settle`.
 *
 * | outcome | the ids | the source |
 * |---|---|---|
 * | complete | those that came are here | starts afresh |
 * | complete, some "don't have it" | it is no source of those any more | one rest per listing when it had listed them itself; when 256 in a row come to that, nothing it listed is believed, and it may list little until it delivers something |
 * | invalid bytes | it is no source of the one they came for; the others are given back | rests; after 3 ids in a row nothing it listed is believed |
 * | a wrong length, found out when the item came | all lengths it said are forgotten | rests; after 3 nothing it listed is believed, and what it says to be large it does not have |
 * | stalled, or too slow while others were idle | given back, the one it stalled at behind all others | rests, and stays a source; after 8 in a row that brought nothing what it listed is not believed |
 * | failed: the stream or the connection | given back | likewise |
 *
 * Rests double from `backoffBaseMs` to `backoffMaxMs` until a request is complete and brings something;
 * until then a source is on probation: one request at a time, for a single id at first, nothing large
 * that another which may be asked has.
 * A wrong frame that belongs to no id is a lie about all of them.
 */
export function judge(source: FetchSource, report: FetchReport, denied: number): Judgement {
  const { outcome, items, endedAt } = report;
  if (items > 0) {
    source.denied = 0;
    source.inVain = 0;
  }
  if (outcome === 'complete') return complete(source, items, denied);
  if (outcome !== 'invalid') {
    if (items === 0) source.inVain++;
    return { rest: true, disbelieved: bringsNothing(source) };
  }
  source.invalid++;
  return { rest: true, disbelieved: endedAt === null || source.invalid >= INVALID_IDS };
}

/** `denied`: ids that the source had listed itself and says it does not have. */
function complete(source: FetchSource, items: number, denied: number): Judgement {
  source.invalid = 0;
  source.denied += denied;
  if (source.denied >= ABSENT_IDS) {
    source.denied = 0;
    source.inVain = Math.max(source.inVain, VAIN_REQUESTS);
    return { rest: true, disbelieved: true };
  }
  const rest = denied > 0 && !source.penalised;
  if (rest) source.penalised = true;
  else if (items > 0) source.backOff.reset();
  return { rest, disbelieved: false };
}
