import type { Clock, Random } from '../../store/index.ts';
import type { PeerWork, TrafficMeter, Turns } from '../budgets/index.ts';
import type { ProtocolError } from '../errors.ts';
import type { Knows } from '../knows.ts';
import type { Log } from '../log.ts';
import type { FetchOptions } from './options.ts';
import type { RangeReport, RangeRequest, ServeRange } from './range/index.ts';
import type { FetchReport, FetchRequest } from './report.ts';
import type { Serve } from './responder.ts';

/** The fetch service as the replicator sees it: it asks for items, and serves those it holds. */
export interface Fetch {
  start(): Promise<void>;
  /** Calls off all requests, in both roles; resolves once they have ended. */
  stop(): Promise<void>;
  /** Ends the answers to the peer that are under way. */
  interrupt?(peer: string): void;
  /** Never rejects: failures are in the report. */
  fetch(request: FetchRequest): Promise<FetchReport>;
  /**
   * Asks for all items of a range. Never rejects.
   * @default absent: no ranges are streamed
   */
  stream?(request: RangeRequest): Promise<RangeReport>;
  /** Connected peers that stream ranges. */
  streams?(peer: string): boolean;
  /** Payload bytes since the start. */
  readonly totals: { readonly receivedBytes: number; readonly sentBytes: number };
}

/** What a `FetchService` needs. */
export interface FetchInit {
  clock: Clock;
  /** Part of the protocol id: deployments with different names never mix. 1 to 64 characters. */
  networkName: string;
  /** Finds the items that peers ask for. */
  serve: Serve;
  /**
   * Reads ranges for peers that lack them.
   * @default null: no ranges are streamed, in either direction
   */
  serveRange?: ServeRange | null;
  /**
   * Draws the numbers that requests for ranges carry.
   * @default `systemRandom`
   */
  random?: Pick<Random, 'bytes'>;
  /**
   * Peers whose requests are answered; see `interrupt` for those under way.
   * @default all
   */
  answers?: (peer: string) => boolean;
  /**
   * Why requests of the peer are not answered, apart from a pause; null: they are.
   * @default they are
   */
  refusal?: (peer: string) => ProtocolError | null;
  /**
   * The rate of work that peers cause. Serving is charged; the answers of a peer wait while it owes work.
   * @default not charged
   */
  work?: Pick<PeerWork, 'run' | 'charge' | 'debtMs' | 'rest'>;
  /**
   * Shares the turns of the event loop among the answers of both roles, and with other work in slices.
   * @default its own
   */
  turns?: Pick<Turns, 'run' | 'ready'>;
  /**
   * The budget of bytes on the wire, shared with the other services. Answers wait for it, in both roles.
   * @default not charged
   */
  traffic?: TrafficMeter;
  /**
   * Peers that a part of the memory is kept for, and whose requests always find a place to wait.
   * @default none; nothing is kept
   */
  knows?: Knows;
  /** @default silent */
  log?: Log;
  options?: Partial<FetchOptions>;
}
