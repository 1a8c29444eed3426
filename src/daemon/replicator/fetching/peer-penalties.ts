import type { FetchReport } from '../../../protocol/index.ts';
import { bytesToHex } from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';
import type { FetchSource, RunningRequest, Sources } from './sources.ts';

/** Ids in a row with wrong bytes, after which nothing that the peer listed is believed. */
const INVALID_IDS = 3;
/** Items with a wrong length, after which its lists and lengths are not believed. */
const LIES = 3;
/** Listed ids lacking in a row, after which its lists are not believed. */
const ABSENT_IDS = 256;
/** Requests in a row without an item, after which its lists are not believed until one comes. */
const VAIN_REQUESTS = 8;

export interface Judgement {
  /** It is asked nothing for a while, longer each time. */
  readonly rest: boolean;
  /** Nothing it listed is believed any more. */
  readonly disbelieved: boolean;
  /** It listed so many ids that it lacks. */
  readonly falseList?: true;
}

/** Whether the lengths that the peer says are not believed. */
export function isLiar({ lies }: FetchSource): boolean {
  return lies >= LIES;
}

/** Whether so many requests brought nothing that the lists of the peer are likely made up. */
export function bringsNothing({ inVain }: FetchSource): boolean {
  return inVain >= VAIN_REQUESTS;
}

/** Items came from the source. */
export function delivered(source: FetchSource): void {
  source.delivered = true;
  source.denied = 0;
  source.inVain = 0;
}

/** The peer said a wrong length of an item: an honest peer never does. */
export function judgeLie(source: FetchSource): Judgement {
  source.lies++;
  return { rest: true, disbelieved: isLiar(source) };
}

/**
 * The penalty of a source for the outcome of a request: docs/decisions.md, "Each outcome of a request
 * has its own penalty". `denied`: the number of ids that the source listed itself and now lacks.
 */
export function judge(source: FetchSource, report: FetchReport, denied: number): Judgement {
  const { outcome, items, endedAt } = report;
  if (items > 0) delivered(source);
  if (outcome === 'complete') return complete(source, items, denied);
  if (outcome !== 'invalid') {
    if (items === 0) source.inVain++;
    return { rest: true, disbelieved: bringsNothing(source) };
  }
  source.invalid++;
  return { rest: true, disbelieved: endedAt === null || source.invalid >= INVALID_IDS };
}

function complete(source: FetchSource, items: number, denied: number): Judgement {
  source.invalid = 0;
  source.denied += denied;
  if (source.denied >= ABSENT_IDS) {
    source.denied = 0;
    source.inVain = Math.max(source.inVain, VAIN_REQUESTS);
    return { rest: true, disbelieved: true, falseList: true };
  }
  const rest = denied > 0 && !source.penalised;
  if (rest) source.penalised = true;
  else if (items > 0) source.backOff.reset();
  return { rest, disbelieved: false };
}

export interface PeerPenaltiesInit
  extends Pick<SharedParts, 'wanted' | 'clock' | 'logger' | 'observer'> {
  sources: Sources;
  /** Called when ids or a source have become free. */
  wake: () => void;
  /** Called when the list of a peer is not believed any more. */
  disbelieved: (peer: string) => void;
}

export class PeerPenalties {
  readonly #init: PeerPenaltiesInit;

  constructor(init: PeerPenaltiesInit) {
    this.#init = init;
  }

  /** The peer said a wrong length of the item, so any other length it said may be wrong. */
  lied(peer: string, id: Uint8Array): void {
    const { wanted, logger, sources, wake, observer } = this.#init;
    wanted.unsay(peer);
    observer?.misbehaved(peer, 'WRONG_LENGTH');
    const source = sources.get(peer);
    if (source === undefined || sources.stopped) return;
    const judgement = judgeLie(source);
    const restMs = this.#impose(source, judgement);
    const { disbelieved } = judgement;
    logger.warn({ peer, id: bytesToHex(id), disbelieved, restMs }, 'peer said a wrong length');
    wake();
  }

  ended({ source, reassigned }: RunningRequest, report: FetchReport, denied: number): void {
    const { logger } = this.#init;
    const { items, error, payloadBytes, absent } = report;
    const line = { peer: source.peer, items, absent: absent.length, payloadBytes, ...error };
    const judgement = judge(source, report, denied);
    if (reassigned && payloadBytes === 0) this.#init.observer?.misbehaved(source.peer, 'STALLED');
    if (judgement.falseList) this.#init.observer?.misbehaved(source.peer, 'FALSE_LIST');
    // The peer likely made up the ids it lacks. Others may have the ids it served wrong.
    const restMs = this.#impose(source, judgement, report.outcome === 'complete');
    if (restMs === null) {
      logger.debug(line, 'fetched');
      return;
    }
    const { disbelieved } = judgement;
    const outcome = reassigned ? 'stalled' : report.outcome;
    logger.warn({ ...line, outcome, disbelieved, restMs }, 'peer failed as a source');
  }

  #impose(source: FetchSource, { rest, disbelieved }: Judgement, denied = false): number | null {
    const { clock, wanted, wake } = this.#init;
    if (disbelieved) {
      source.delivered = false;
      source.abandon();
      wanted.drop(source.peer, { denied });
      this.#init.disbelieved(source.peer);
    }
    return rest ? source.rest(clock, wake) : null;
  }
}
