import { BoundedMap, bytesToKey, invariant } from '../../store/index.ts';
import type { FrameNumber } from './codec.ts';

/** Numbers of one publisher to wait for at a time; more missing numbers are a gap at once. */
const MAX_MISSING = 64;
/** Publishers followed; the publisher heard of longest ago makes room. */
const MAX_PUBLISHERS = 1_024;

interface FollowedPublisher {
  epoch: string;
  /** The number after the highest seen. */
  next: number;
  /** Numbers passed over, and since when. */
  readonly missing: Map<number, number>;
  /** The peer that the last frame came from. */
  from: string;
  /** More numbers are missing than are followed. */
  lost: boolean;
}

/** Frames of one publisher that did not come. */
export interface Gap {
  readonly publisher: string;
  /** The peer that handed over the publisher's last frame. */
  readonly from: string;
}

/**
 * Follows the numbers of publishers' frames. Gossip does not keep order: a number that was passed over
 * counts as missed only after the grace. The session at connect covers all frames before the first.
 */
export class Sequences {
  readonly #graceMs: number;
  readonly #publishers = new BoundedMap<string, FollowedPublisher>(MAX_PUBLISHERS);

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Some number is missing at the moment. */
  get waiting(): boolean {
    return [...this.#publishers.values()].some(({ missing, lost }) => lost || missing.size > 0);
  }

  /** A frame came; `now` in milliseconds of any clock that does not run backwards. */
  seen(publisher: string, from: string, number: FrameNumber, now: number): void {
    const state = this.#follow(this.#publishers.get(publisher), number);
    this.#publishers.set(publisher, state);
    state.from = from;
    state.missing.delete(number.sequence);
    if (number.sequence < state.next) return;
    const passed = number.sequence - state.next;
    if (passed + state.missing.size > MAX_MISSING) state.lost = true;
    else for (let i = 0; i < passed; i++) state.missing.set(state.next + i, now);
    state.next = number.sequence + 1;
    invariant(state.missing.size <= MAX_MISSING, 'session', 'GAPS_BOUND', state.missing.size);
  }

  /** Gaps whose grace is over, each once. */
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

  /** Frames are not followed for a while: any publisher may have a gap now. */
  forget(): Gap[] {
    const gaps = [...this.#publishers].map(([publisher, { from }]) => ({ publisher, from }));
    this.#publishers.clear();
    return gaps;
  }

  /** A publisher that starts anew begins at 0; an unknown publisher may begin anywhere. */
  #follow(known: FollowedPublisher | undefined, number: FrameNumber): FollowedPublisher {
    const epoch = bytesToKey(number.epoch);
    if (known?.epoch === epoch) return known;
    const next = known === undefined ? number.sequence : 0;
    return { epoch, next, missing: new Map(), from: '', lost: false };
  }
}
