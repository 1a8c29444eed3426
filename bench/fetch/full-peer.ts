import type { Libp2p } from '@libp2p/interface';
import { systemClock, systemDisk, systemRandom } from '../../src/daemon/system/index.ts';
import { commonware, nativeDialect } from '../../src/protocol/index.ts';
import { fetch, reconcile } from '../../src/protocol/libp2p.ts';
import { type NewItem, openDatabase, Replica } from '../../src/store/index.ts';
import { loopbackNode } from '../support/libp2p.ts';

export const NETWORK_NAME = 'bench';
const FETCH_PROTOCOL = `/rangemesh/${NETWORK_NAME}/fetch/2`;

/** How a full peer behaves; its sessions are honest in all cases. */
export type Behaviour = 'honest' | 'trickles' | 'closes' | 'corrupts' | 'invents';

/** Ids that an inventing peer lists beside the others. */
const INVENTED = 100_000;

export interface FullPeer {
  readonly address: string;
  stop(): Promise<void>;
}

/** A libp2p node that holds the set in `directory`, and serves it as `behaviour` says. */
export async function startFullPeer(directory: string, behaviour: Behaviour): Promise<FullPeer> {
  const replica = await Replica.open({
    open: () => openDatabase(directory),
    clock: systemClock,
    disk: systemDisk('/'),
  });
  const invented = behaviour === 'invents' ? await invent(replica) : new Set<string>();
  const libp2p = await loopbackNode({
    reconcile: sessions(replica),
    fetch: fetch({
      clock: systemClock,
      networkName: NETWORK_NAME,
      async serve(ids, limits) {
        const served = await replica.serve(ids, limits);
        return served.map((one) => {
          if (one === undefined || !('payload' in one)) return one;
          if (invented.has(String(one.hint))) return undefined;
          if (behaviour === 'corrupts') one.payload[0]! ^= 1;
          return one;
        });
      },
    }),
  });
  if (behaviour === 'trickles') await replaceFetch(libp2p, trickle);
  if (behaviour === 'closes') await replaceFetch(libp2p, async (stream) => stream.close());
  return {
    address: libp2p.getMultiaddrs()[0]!.toString(),
    async stop() {
      await libp2p.stop();
      await replica.close();
    },
  };
}

function sessions(replica: Replica) {
  const nothing = (): void => {};
  return reconcile({
    clock: systemClock,
    networkName: NETWORK_NAME,
    dialects: [nativeDialect({ random: systemRandom }), commonware],
    snapshot: () => ({ snapshot: replica.snapshot(), version: replica.version }),
    events: {
      peerConnected: nothing,
      peerDisconnected: nothing,
      differs: nothing,
      missing: nothing,
      ended: nothing,
    },
  });
}

/** Items that are listed and never served; known by their hints, which no other item has. */
async function invent(replica: Replica): Promise<Set<string>> {
  const hints = new Set<string>();
  for (let at = 0; at < INVENTED; at += 4_000) {
    const items: NewItem[] = Array.from({ length: Math.min(4_000, INVENTED - at) }, (_, i) => ({
      hint: BigInt(at + i + 1),
      payload: new Uint8Array(0),
    }));
    for (const { hint } of items) hints.add(String(hint));
    await replica.put(items);
  }
  return hints;
}

interface ByteStream {
  readonly status: string;
  send(bytes: Uint8Array): boolean;
  close(): Promise<void>;
}

async function replaceFetch(
  libp2p: Libp2p,
  handler: (stream: ByteStream) => Promise<void>,
): Promise<void> {
  await libp2p.unhandle(FETCH_PROTOCOL);
  await libp2p.handle(FETCH_PROTOCOL, (stream) => void handler(stream).catch(() => {}));
}

/** A frame of 64 KiB begins, and a byte of it comes each second. */
async function trickle(stream: ByteStream): Promise<void> {
  const beginning = Uint8Array.of(0x80, 0x80, 0x04, 0x03);
  for (let i = 0; stream.status === 'open'; i++) {
    stream.send(Uint8Array.of(beginning[i] ?? 0));
    await new Promise<void>((resolve) => systemClock.after(1_000, resolve));
  }
}
