import type { Incident, VerifyProblem } from '../../src/store/index.ts';

/** What a child is told to do, once it has looked at what it found. */
export type Order =
  /** Put items, from `first` on, until killed; at most `count` new ones. */
  | { readonly do: 'ingest'; readonly first: number; readonly count: number; readonly seed: number }
  /** The same, and close the replica after `closeAfterMs`, while callers are still at it. */
  | {
      readonly do: 'close';
      readonly first: number;
      readonly count: number;
      readonly seed: number;
      readonly closeAfterMs: number;
    }
  /** Take the root away from the index, and open the replica again. */
  | { readonly do: 'rebuild' }
  /** Turn the directory into one of the first schema, and open it. */
  | { readonly do: 'migrate' };

/** What a child is started with. */
export interface Start {
  readonly directory: string;
  /** Where the number of the last commit is remembered. */
  readonly witness: string;
  /** File with the acknowledged numbers, u32 LE each. */
  readonly acknowledged: string;
  /** All numbers ever offered are below. */
  readonly offered: number;
  /** Whether to scrub, as fast as it goes. */
  readonly scrub: boolean;
}

/** What a fresh process found in the directory. */
export interface Findings {
  readonly items: number;
  /** Acknowledged numbers whose items were not there, or not whole, before the peer was asked. */
  readonly lost: readonly number[];
  /** The same, after the peer was asked. */
  readonly stillLost: readonly number[];
  readonly needsRefill: boolean;
  readonly incidents: readonly Incident['code'][];
  /** What verification finds before the peer is asked, and after it and scrubbing. */
  readonly problems: readonly VerifyProblem[];
  readonly stillProblems: readonly VerifyProblem[];
  readonly quarantined: number;
  /** Ids the session with the peer found missing. */
  readonly fetched: number;
}

/** What a child says, a line each. */
export type Event =
  | { readonly event: 'found'; readonly findings: Findings }
  | { readonly event: 'refused'; readonly code: string; readonly message: string }
  /** The work of the order begins. */
  | { readonly event: 'begun' }
  | { readonly event: 'acknowledged'; readonly numbers: readonly number[] };
