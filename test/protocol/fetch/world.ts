import assert from 'node:assert/strict';
import { encodeChunks, encodeItem } from '../../../src/protocol/fetch/testing.ts';
import {
  type Channel,
  type FetchInit,
  type FetchOptions,
  type FetchReport,
  type FetchRequest,
  FetchService,
  type Log,
  type Serve,
  type ServeRange,
} from '../../../src/protocol/index.ts';
import { bytesToKey, type Item, itemId, verifyItem } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import { VirtualClock } from '../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../support/memory-network.ts';
import { oneByOne } from '../../support/one-by-one.ts';
import { SeededRandom } from '../../support/random.ts';

export const PROTOCOL = '/rangemesh/test/fetch/2';
export const RANGE_PROTOCOL = '/rangemesh/test/range/1';

/** An item of its own for each number. */
export function itemOf(number: number, size = 100): Item {
  const payload = new Uint8Array(size).fill(number);
  new DataView(payload.buffer).setUint32(0, number);
  return verifyItem({ hint: BigInt(number), payload, id: itemId(BigInt(number), payload) });
}

/** The frames that bring an item. */
export const framesOf = (item: Item): Uint8Array[] => [
  encodeItem(item),
  ...encodeChunks(item.payload),
];
/** Two fetch services on a memory network with virtual time. */
export class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: MemoryNetwork = new MemoryNetwork({
    clock: this.clock,
    random: new SeededRandom('fetch'),
  });
  readonly held: Map<string, Item> = new Map();
  readonly a: FetchService;
  readonly b: FetchService;
  /** What the services wrote to their logs. */
  readonly warnings: { peer: string; code: string }[] = [];
  /** Replaces the way both serve. */
  serves: Serve | undefined;
  /** How both serve ranges. */
  readonly servesRange: ServeRange | null;
  gets = 0;

  /** `a` asks, `b` serves what `hold` was told. */
  constructor(
    options: Partial<FetchOptions> = {},
    link: LinkInit = { latencyMs: 10 },
    servesRange: ServeRange | null = null,
  ) {
    this.servesRange = servesRange;
    this.a = this.service('a', options);
    this.b = this.service('b', options);
    this.network.connect('a', 'b', link);
  }

  readonly #log: Log = {
    debug: () => {},
    warn: (fields) => void this.warnings.push(fields as { peer: string; code: string }),
  };

  service(
    id: string,
    options: Partial<FetchOptions>,
    more: Pick<FetchInit, 'work' | 'knows' | 'turns' | 'answers' | 'refusal' | 'traffic'> = {},
  ): FetchService {
    const serve = oneByOne({
      get: async (wanted) => {
        this.gets++;
        return this.held.get(bytesToKey(wanted));
      },
      sizeOf: async (wanted) => this.held.get(bytesToKey(wanted))?.payload.length,
    });
    return new FetchService(this.network.node(id), {
      clock: this.clock,
      networkName: 'test',
      serve: (ids, limits) => (this.serves ?? serve)(ids, limits),
      serveRange: this.servesRange,
      log: this.#log,
      options,
      ...more,
    });
  }

  async start(): Promise<this> {
    await Promise.all([this.a.start(), this.b.start()]);
    await this.clock.advance(50);
    return this;
  }

  hold(...items: Item[]): this {
    for (const item of items) this.held.set(bytesToKey(item.id), item);
    return this;
  }

  /** Replaces b's service by a handler of one's own. */
  async serve(handler: (channel: Channel) => Promise<void>): Promise<this> {
    await this.b.stop();
    const init = { maxFrameBytes: 1 << 20, maxInbound: 9 };
    await this.network.node('b').handle(PROTOCOL, handler, init);
    return this;
  }

  async fetch(
    ids: readonly Uint8Array[],
    init: Partial<FetchRequest> & { forMs?: number } = {},
  ): Promise<{ report: FetchReport; got: Item[] }> {
    const got: Item[] = [];
    const onItems = init.onItems ?? ((items: readonly Item[]) => void got.push(...items));
    const running = this.a.fetch({ peer: 'b', ids, ...init, onItems });
    const forMs = init.forMs ?? 60_000;
    await this.clock.advance(forMs);
    const report = await byNow(running, `the request has not ended after ${forMs} ms`);
    await this.clock.advance(60_000);
    assert.equal(this.clock.pending, 0, 'no timer is left');
    return { report, got };
  }
}

export const world = (options?: Partial<FetchOptions>, link?: LinkInit): Promise<World> =>
  new World(options, link).start();
