import type { Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { pubsub } from '../../../src/daemon/mesh/testing.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';
import { announceTopic, commonware, type Gossip } from '../../../src/protocol/index.ts';
import { fetch, libp2pGossip, reconcile } from '../../../src/protocol/libp2p.ts';
import { type Item, Replica } from '../../../src/store/index.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { loopbackNode } from '../../support/libp2p.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { oneByOne } from '../../support/one-by-one.ts';

/** The name of the network that daemons join by default. */
export const NETWORK_NAME = 'rangemesh';

/** What a dishonest peer answers for an item it claims to have. */
export type Answer = (item: Item | undefined) => Promise<Item | undefined>;

/** A libp2p node that reconciles honestly and serves what `answer` makes of its items. */
export class Impostor {
  readonly libp2p: Libp2p;
  /** Takes part in the announcements, without a word of its own. */
  readonly gossip: Gossip;
  readonly replica: Replica;
  readonly #release: () => void;

  private constructor(libp2p: Libp2p, replica: Replica, release: () => void) {
    this.libp2p = libp2p;
    this.replica = replica;
    this.gossip = libp2pGossip({ self: libp2p.peerId, pubsub: libp2p.services.pubsub as never });
    this.gossip.subscribe(announceTopic(NETWORK_NAME), () => 'ignore');
    this.#release = release;
  }

  static async start(payloads: readonly Uint8Array[], answer: Answer): Promise<Impostor> {
    const disk = new FakeDisk();
    const replica = await Replica.open({ database: memoryDatabase(), clock: systemClock, disk });
    await replica.put(payloads.map((payload) => ({ hint: 1n, payload })));
    const nothing = () => {};
    const released = Promise.withResolvers<undefined>();
    const libp2p = await loopbackNode({
      pubsub: pubsub(NETWORK_NAME, { clock: systemClock }),
      reconcile: reconcile({
        clock: systemClock,
        networkName: NETWORK_NAME,
        dialects: [commonware],
        snapshot: () => ({ snapshot: replica.snapshot(), version: replica.version }),
        events: {
          peerConnected: nothing,
          peerDisconnected: nothing,
          differs: nothing,
          missing: nothing,
          ended: nothing,
        },
      }),
      fetch: fetch({
        clock: systemClock,
        networkName: NETWORK_NAME,
        serve: oneByOne({
          get: async (id) => Promise.race([answer(await replica.get(id)), released.promise]),
        }),
      }),
    });
    return new Impostor(libp2p, replica, () => released.resolve(undefined));
  }

  get address(): string {
    return this.libp2p.getMultiaddrs()[0]!.toString();
  }

  /** Opens a stream to a daemon, to say on it what one likes. */
  stream(address: string, protocol: string): Promise<Stream> {
    return this.libp2p.dialProtocol(multiaddr(address), protocol);
  }

  async stop(): Promise<void> {
    this.#release();
    await this.libp2p.stop();
    await this.replica.close();
  }
}
