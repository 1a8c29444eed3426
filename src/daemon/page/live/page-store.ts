import { INITIAL_STATE, type PageEvent, type PageState, reduce } from '../state/index.ts';

export interface PageStoreInit {
  /** Calls back before the browser draws next. */
  readonly frame: (callback: () => void) => void;
  /**
   * Events that wait for a frame at most. A hidden page has no frames; then this many are taken together.
   * @default 256
   */
  readonly maxWaiting?: number;
}

/** The state of the page. All events between two frames make one new state, and one drawing. */
export class PageStore {
  readonly #frame: PageStoreInit['frame'];
  readonly #maxWaiting: number;
  readonly #listeners = new Set<(state: PageState) => void>();
  #waiting: PageEvent[] = [];
  #isAsked = false;
  #state = INITIAL_STATE;

  constructor({ frame, maxWaiting = 256 }: PageStoreInit) {
    this.#frame = frame;
    this.#maxWaiting = maxWaiting;
  }

  /** With all events that no longer wait. */
  get state(): PageState {
    return this.#state;
  }

  readonly dispatch = (event: PageEvent): void => {
    this.#waiting.push(event);
    if (this.#waiting.length >= this.#maxWaiting) this.#take();
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#frame(() => {
      this.#isAsked = false;
      this.#take();
      for (const listener of this.#listeners) listener(this.#state);
    });
  };

  /** Returns the way to listen no more. */
  listen(listener: (state: PageState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #take(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#state = waiting.reduce(reduce, this.#state);
  }
}
