import { BoundedMap, bytesToKey } from '../../store/index.ts';
import type { FrameNumber } from './codec.ts';

/** Numbers of one publisher that may be waited for at a time; with more missing it is a gap at once. */
const MAX_MISSING = 64;
/** Publishers followed; those heard of longest ago make room. */
const MAX_PUBLISHERS = 1_024;

interface FollowedPublisher {
  epoch: string;
  /** The number after the highest seen. */
  next: number;
  /** Numbers passed over, and since when. */
  readonly missing: Map<number, number>;
  /** Whom the last frame came from. */
  from: string;
  /** More is missing than is followed. */
  lost: boolean;
}

/** Frames of one publisher that did not come. */
export interface Gap {
  readonly publisher: string;
  /** The peer that handed over the publisher's last frame. */
  readonly from: string;
}

/**
 * Follows the numbers of publishers' frames. Gossip does not keep order, so a number that was passed
 * over may still come; only when it has not after the grace is it missed. Nothing is known of what a
 * publisher sent before its first frame seen here: a session at connect covers that.
 */
export class Sequences {
  readonly #graceMs: number;
  readonly #publishers = new BoundedMap<string, FollowedPublisher>(MAX_PUBLISHERS);

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Some number is missing at the moment. */
  get waiting(): boolean {
    for (const { missing, lost } of this.#publishers.values()) {
      if (lost || missing.size > 0) return true;
    }
    return false;
  }

  /** A frame came; `now` in milliseconds of any clock that does not run backwards. */
  seen(publisher: string, from: string, number: FrameNumber, now: number): void {
    const state = this.#publisher(publisher, from, number);
    state.from = from;
    state.missing.delete(number.sequence);
    if (number.sequence < state.next) return;
    const passed = number.sequence - state.next;
    if (passed + state.missing.size > MAX_MISSING) state.lost = true;
    else for (let i = 0; i < passed; i++) state.missing.set(state.next + i, now);
    state.next = number.sequence + 1;
  }

  /** Gaps whose grace is over; each is told once. */
  due(now: number): Gap[] {
    const gaps: Gap[] = [];
    for (const [publisher, state] of this.#publishers) {
      const before = state.missing.size;
      for (const [number, since] of state.missing) {
        if (now - since >= this.#graceMs) state.missing.delete(number);
      }
      if (state.lost || state.missing.size < before) gaps.push({ publisher, from: state.from });
      state.lost = false;
    }
    return gaps;
  }

  /** A publisher that starts anew begins at 0; one that is new to us may begin anywhere. */
  #publisher(publisher: string, from: string, { epoch, sequence }: FrameNumber): FollowedPublisher {
    const known = this.#publishers.get(publisher);
    const key = bytesToKey(epoch);
    const state =
      known?.epoch === key
        ? known
        : {
            epoch: key,
            next: known === undefined ? sequence : 0,
            missing: new Map<number, number>(),
            from,
            lost: false,
          };
    this.#publishers.set(publisher, state);
    return state;
  }
}
