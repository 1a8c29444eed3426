import { round } from '../support/child.ts';
import type { Moments } from './load.ts';

/** What one kind of nodes did, in all processes. */
export interface Recorded {
  readonly called: Moments;
  readonly sent: Moments;
  readonly arrived: Moments;
}

interface Latency {
  /** Of the item. */
  readonly number: number;
  readonly ms: number;
}

/** From a moment of each item to its arrival at each other node, by slice. */
export class Latencies {
  readonly #all: readonly number[];
  readonly #slices: readonly (readonly number[])[];

  /** `begins` are the numbers of the first item of each slice; what came before them does not count. */
  constructor(from: Moments, arrived: Moments, begins: readonly number[]) {
    const latencies = latenciesOf(
      from.filter(([number]) => number >= begins[0]!),
      arrived,
    );
    this.#all = inOrder(latencies);
    this.#slices = begins.map((begin, i) => {
      const end = begins[i + 1] ?? Number.POSITIVE_INFINITY;
      return inOrder(latencies.filter(({ number }) => number >= begin && number < end));
    });
  }

  get count(): number {
    return this.#all.length;
  }

  /** The median of what it is in each slice. */
  percentile(part: number): number {
    const each = this.#slices.map((slice) => percentile(slice, part)).sort((a, b) => a - b);
    const middle = each.length / 2;
    return round((each[Math.ceil(middle) - 1]! + each[Math.floor(middle)]!) / 2, 2);
  }

  overall(part: number): number {
    return percentile(this.#all, part);
  }
}

function latenciesOf(from: Moments, arrived: Moments): Latency[] {
  const begins = new Map(from.map(([number, node, at]) => [number, { node, at }]));
  return arrived
    .filter(([number, node]) => begins.has(number) && begins.get(number)!.node !== node)
    .map(([number, , at]) => ({ number, ms: (at - begins.get(number)!.at) / 1_000 }));
}

function inOrder(latencies: readonly Latency[]): number[] {
  return latencies.map(({ ms }) => ms).sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], part: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0, 2);
}
