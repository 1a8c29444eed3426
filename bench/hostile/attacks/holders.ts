import { randomBytes } from 'node:crypto';
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys';
import { pubsub } from '../../../src/daemon/mesh/testing.ts';
import { systemClock, systemRandom } from '../../../src/daemon/system/index.ts';
import {
  commonware,
  type Fetch,
  nativeDialect,
  type Reconcile,
} from '../../../src/protocol/index.ts';
import { fetch, reconcile } from '../../../src/protocol/libp2p.ts';
import {
  bytesToHex,
  hexToBytes,
  type Item,
  itemId,
  lthash,
  type RangeInit,
  type RangePage,
  type Served,
  SortedVector,
} from '../../../src/store/index.ts';
import { rangeOf } from '../../../test/support/ranges.ts';
import { type Attack, keepTrying, restFor, type Target } from './attack.ts';
import { newItems, publishAs } from './gossip.ts';
import { NETWORK_NAME, Stranger, withStrangers } from './stranger.ts';

const ITEMS = 2_000;
const PEERS = 4;
const FUTURE_MS = 10_000_000_000;
const WORD_BYTES = 2 ** 31;

/** Speaks every protocol as it should, over items of its own; `serve` and `serveRange` may lie. */
interface Holder {
  readonly hint: () => bigint;
  serve(item: Item, at: number): Served;
  serveRange(range: (init: RangeInit) => Promise<RangePage>, init: RangeInit): Promise<RangePage>;
}

const HONEST: Holder = {
  hint: () => BigInt(Date.now()),
  serve: (item) => item,
  serveRange: (range, init) => range(init),
};

function servicesOf({
  hint,
  serve,
  serveRange,
}: Holder): Record<string, (parts: never) => unknown> {
  const items = Array.from({ length: ITEMS }, () => itemOf(hint()));
  items.sort((a, b) => (a.hint === b.hint ? Buffer.compare(a.id, b.id) : a.hint < b.hint ? -1 : 1));
  const byId = new Map(items.map((item) => [bytesToHex(item.id), item]));
  const set = new SortedVector({ scheme: lthash });
  set.insert(items);
  const nothing = (): void => {};
  const events = {
    ...{ peerConnected: nothing, peerDisconnected: nothing, differs: nothing },
    ...{ missing: nothing, ended: nothing },
  };
  const range = rangeOf(items);
  return {
    reconcile: reconcile({
      clock: systemClock,
      networkName: NETWORK_NAME,
      dialects: [nativeDialect({ random: systemRandom }), commonware],
      snapshot: () => ({ snapshot: set.snapshot(), version: 1 }),
      events,
    }),
    fetch: fetch({
      clock: systemClock,
      networkName: NETWORK_NAME,
      serve: async (ids) =>
        ids.slice(0, 16).map((id, at) => {
          const item = byId.get(bytesToHex(id));
          return item && serve(item, at);
        }),
      serveRange: (init) => serveRange(range, init),
    }),
  } as never;
}

function itemOf(hint: bigint): Item {
  const payload = new Uint8Array(randomBytes(200));
  return { hint, payload, id: itemId(hint, payload) } as Item;
}

function hold(holder: Partial<Holder>): Attack {
  return (target, begin) => {
    const create = (): Promise<Stranger> =>
      Stranger.create(target.address, { services: servicesOf({ ...HONEST, ...holder }) });
    return withStrangers({ count: PEERS, create, begin }, async (all, signal) => {
      await Promise.all(all.map((stranger) => stranger.connect()));
      while (!signal.aborted) await restFor(1_000, signal);
    });
  };
}

/** Offers items in sessions, and leaves out every second one where they are asked for. */
export const omissions: Attack = hold({
  serve: (item, at) => (at % 2 === 0 ? item : undefined),
  serveRange: async (range, init) => {
    const page = await range(init);
    return { ...page, records: page.records.filter((_, at) => at % 2 === 0) };
  },
});

/** Says of its items that they are far too long. */
export const lyingLengths: Attack = hold({
  serve: () => ({ length: WORD_BYTES }),
  serveRange: async (range, init) => {
    const page = await range(init);
    const records = page.records.map(({ hint }, at) => {
      return { hint, id: page.ids.slice(32 * at, 32 * at + 32), length: WORD_BYTES };
    });
    return { ...page, records };
  },
});

const soon = (): bigint => BigInt(Date.now() + FUTURE_MS);

/** Offers items whose time is months away, in sessions and by push. */
export const futureHints: Attack = (target, begin) =>
  asOne({ target, begin, hint: soon }, (stranger, signal) =>
    keepTrying(1, signal, () => publishAs(stranger, signal, newItems(soon))),
  );

/** Pushes items, and offers others in sessions, as a peer whose items are not taken. */
export const readerPushes: Attack = (target, begin) =>
  asOne({ target, begin, key: target.readerKey }, (stranger, signal) =>
    keepTrying(1, signal, () => publishAs(stranger, signal, newItems(HONEST.hint))),
  );

/** Asks for items and ranges and begins sessions, as a peer that gets nothing. */
export const writerAsks: Attack = (target, begin) =>
  asOne({ target, begin, key: target.writerKey }, async ({ libp2p }, signal) => {
    const { fetch: asking, reconcile: sessions } = libp2p.services as unknown as Asking;
    const [victim] = libp2p.getPeers();
    const peer = String(victim);
    const ids = [hexToBytes(target.largeId)];
    const ask = async (): Promise<void> => {
      while (!signal.aborted) {
        await asking.fetch({ peer, ids, onItems: () => {} });
        await sessions.reconcile(peer);
        await restFor(1, signal);
      }
    };
    await Promise.all(Array.from({ length: 16 }, ask));
  });

interface Asking {
  readonly fetch: Fetch;
  readonly reconcile: Reconcile;
}

interface Alone {
  readonly target: Target;
  begin(): AbortSignal;
  /** Private key, as hex. @default a new one */
  readonly key?: string;
  /** @default the present time */
  readonly hint?: Holder['hint'];
}

/** Runs one identity that also takes part in gossip. */
async function asOne(
  { target, begin, key, hint = HONEST.hint }: Alone,
  use: (stranger: Stranger, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const gossip = pubsub(NETWORK_NAME, { clock: systemClock });
  const services = { ...servicesOf({ ...HONEST, hint }), pubsub: gossip };
  const identity = key === undefined ? {} : { privateKey: privateKeyFromProtobuf(hexToBytes(key)) };
  const create = () =>
    Stranger.create(target.address, { services: services as never, ...identity });
  await withStrangers({ count: 1, create, begin }, async ([stranger], signal) => {
    await stranger!.connect();
    await use(stranger!, signal);
  });
}
