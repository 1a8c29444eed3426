/** A timer in a `TimerHeap`; without a callback it is called off. */
export interface Timer {
  readonly at: number;
  /** Older timers of the same time come first. */
  readonly age: number;
  callback: (() => void) | null;
}

/** Timers that are called off stay in the heap until they are so many, or come to its top. */
const LEAST_DEAD = 64;

/** Timers in order of time, then of age. A search among thousands of them costs a dozen comparisons. */
export class TimerHeap {
  #heap: Timer[] = [];
  #count = 0;
  #dead = 0;

  /** Timers that are to come. */
  get size(): number {
    return this.#heap.length - this.#dead;
  }

  add(at: number, callback: () => void): Timer {
    const timer: Timer = { at, age: this.#count++, callback };
    this.#rise(timer);
    return timer;
  }

  callOff(timer: Timer): void {
    if (timer.callback === null) return;
    timer.callback = null;
    this.#dead++;
    if (this.#dead > LEAST_DEAD && 2 * this.#dead > this.#heap.length) this.#tidy();
  }

  /** Takes the first timer that is due at `end`; its callback is the caller's to run. */
  take(end: number): { readonly at: number; readonly callback: () => void } | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      const { at, callback } = first;
      if (callback !== null && at > end) return undefined;
      this.#removeFirst();
      if (callback !== null) {
        first.callback = null;
        return { at, callback };
      }
      this.#dead--;
    }
    return undefined;
  }

  #tidy(): void {
    const alive = this.#heap.filter(({ callback }) => callback !== null);
    this.#heap = [];
    this.#dead = 0;
    for (const timer of alive) this.#rise(timer);
  }

  #rise(timer: Timer): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = timer;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.age < b.age);
}
