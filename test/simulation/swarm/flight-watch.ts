import {
  DEFAULT_REPLICATOR_OPTIONS,
  type ReplicatorOptions,
} from '../../../src/daemon/replicator/index.ts';
import type { Fetch, FetchRequest } from '../../../src/protocol/index.ts';
import { bytesToKey } from '../../../src/store/index.ts';

interface FlightWatchInit {
  readonly options: Partial<ReplicatorOptions>;
  readonly violated: (property: string, seen: string) => void;
}

/** Looks at the requests of one node: each id is in flight once, and no limit is passed. */
export class FlightWatch {
  readonly #options: ReplicatorOptions;
  readonly #violated: FlightWatchInit['violated'];
  #flights = new Map<string, FetchRequest>();
  #requests = new Set<FetchRequest>();

  constructor({ options, violated }: FlightWatchInit) {
    this.#options = { ...DEFAULT_REPLICATOR_OPTIONS, ...options };
    this.#violated = violated;
  }

  /** A run begins: nothing is in flight. */
  begin(): void {
    this.#flights = new Map();
    this.#requests = new Set();
  }

  over(fetch: Fetch): Fetch {
    const [flights, requests] = [this.#flights, this.#requests];
    const watched = async (request: FetchRequest) => {
      this.#check(request);
      requests.add(request);
      for (const id of request.ids) flights.set(bytesToKey(id), request);
      const report = await fetch.fetch(request);
      requests.delete(request);
      for (const id of request.ids) {
        const key = bytesToKey(id);
        if (flights.get(key) === request) flights.delete(key);
      }
      return report;
    };
    return new Proxy(fetch, {
      get(of, name) {
        if (name === 'fetch') return watched;
        const value: unknown = Reflect.get(of, name);
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
  }

  #check({ peer, ids, maxBytes }: FetchRequest): void {
    const { batchItems, maxRequests, requestsPerPeer, maxLargeRequests } = this.#options;
    const running = [...this.#requests].filter(({ signal }) => signal?.aborted !== true);
    const toPeer = running.filter((request) => request.peer === peer);
    const large = running.filter((request) => request.maxBytes === undefined);
    const small = maxBytes !== undefined;
    if (small && ids.length > batchItems) this.#over('batchItems', ids.length);
    if (running.length + 1 > maxRequests) this.#over('maxRequests', running.length + 1);
    if (toPeer.length + 1 > requestsPerPeer) this.#over('requestsPerPeer', toPeer.length + 1);
    if (!small && large.length + 1 > maxLargeRequests) {
      this.#over('maxLargeRequests', large.length + 1);
    }
    for (const id of ids) {
      const other = this.#flights.get(bytesToKey(id));
      if (other === undefined || other.signal?.aborted === true) continue;
      this.#violated('flight', `an item is asked of ${peer} while ${other.peer} is asked for it`);
      return;
    }
  }

  #over(name: keyof ReplicatorOptions, count: number): void {
    this.#violated('limit', `${count} is above ${name}, which is ${this.#options[name]}`);
  }
}
