import { type Bound, compareBounds, ID_BYTES, type ItemKey } from '../item.ts';
import { type Shape, type Sign, tallyPart, type VectorPart } from './part.ts';

/** Parts in key order, with their ranks and one sum over them all. */
export class Branch<Child extends VectorPart> implements VectorPart {
  readonly children: readonly Child[];
  readonly size: number;
  readonly #shape: Shape;
  /** Rank of each child's first key. */
  readonly #starts: Float64Array;
  #sum: Uint8Array | undefined;

  constructor(shape: Shape, children: readonly Child[]) {
    this.#shape = shape;
    this.children = children;
    this.#starts = new Float64Array(children.length);
    let size = 0;
    for (let i = 0; i < children.length; i++) {
      this.#starts[i] = size;
      size += children[i]!.size;
    }
    this.size = size;
  }

  get first(): ItemKey {
    return this.children[0]!.first;
  }

  get last(): ItemKey {
    return this.children.at(-1)!.last;
  }

  select(rank: number): ItemKey {
    const at = this.#childAt(rank);
    return this.children[at]!.select(rank - this.#starts[at]!);
  }

  lowerBound(bound: Bound): number {
    if (this.children.length === 0) return 0;
    const at = this.childFor(bound);
    return this.#starts[at]! + this.children[at]!.lowerBound(bound);
  }

  *keys(begin: number, end: number): Iterable<ItemKey> {
    for (const { child, from, to } of this.#overlaps(begin, end)) yield* child.keys(from, to);
  }

  *idRuns(begin: number, end: number): Iterable<Uint8Array> {
    for (const { child, from, to } of this.#overlaps(begin, end)) yield* child.idRuns(from, to);
  }

  copyIds(begin: number, end: number, into: Uint8Array, at: number): void {
    let offset = at;
    for (const { child, from, to } of this.#overlaps(begin, end)) {
      child.copyIds(from, to, into, offset);
      offset += (to - from) * ID_BYTES;
    }
  }

  sum(): Uint8Array {
    this.#sum ??= this.#computeSum();
    return this.#sum;
  }

  tally(state: Uint8Array, begin: number, end: number, sign: Sign): void {
    tallyPart(this.#shape, this, state, { begin, end, sign }, (first, last, direction) => {
      for (const { child, from, to } of this.#overlaps(first, last)) {
        child.tally(state, from, to, direction);
      }
    });
  }

  /** Position of the last child that starts at or below `bound`; 0 when none does. */
  childFor(bound: Bound): number {
    let low = 0;
    let high = this.children.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compareBounds(this.children[middle]!.first, bound) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #computeSum(): Uint8Array {
    const { scheme } = this.#shape;
    const state = scheme.empty();
    for (const child of this.children) scheme.combine(state, child.sum());
    return state;
  }

  /** Position of the child that holds `rank`. */
  #childAt(rank: number): number {
    let low = 0;
    let high = this.children.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#starts[middle]! <= rank) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The children that share ranks with [begin, end), each with the part of it in its own ranks. */
  *#overlaps(begin: number, end: number): Iterable<Overlap<Child>> {
    if (begin >= end) return;
    for (let i = this.#childAt(begin); i < this.children.length; i++) {
      const child = this.children[i]!;
      const start = this.#starts[i]!;
      if (start >= end) return;
      yield { child, from: Math.max(0, begin - start), to: Math.min(child.size, end - start) };
    }
  }
}

interface Overlap<Child> {
  readonly child: Child;
  readonly from: number;
  readonly to: number;
}
