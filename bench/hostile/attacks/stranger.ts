import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import type { Libp2p, PrivateKey, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { announceTopic, protocolId } from '../../../src/protocol/index.ts';

/** The network that daemons join by default. */
export const NETWORK_NAME = 'rangemesh';
export const TOPIC: string = announceTopic(NETWORK_NAME);
export const FETCH: string = protocolId(NETWORK_NAME, 'fetch', 2);
export const RANGE: string = protocolId(NETWORK_NAME, 'range', 1);
export const COMMONWARE: string = protocolId(NETWORK_NAME, 'commonware', 1);
export const NATIVE: string = protocolId(NETWORK_NAME, 'native', 4);

type Factory = (components: never) => unknown;

export interface StrangerInit {
  readonly member?: boolean;
  readonly services?: Record<string, Factory>;
  readonly answer?: Uint8Array;
  readonly echoes?: readonly string[];
  readonly privateKey?: PrivateKey;
}

/** An identity of the attacker, which listens nowhere. */
export class Stranger {
  readonly libp2p: Libp2p;
  readonly #address: string;

  private constructor(libp2p: Libp2p, address: string) {
    this.libp2p = libp2p;
    this.#address = address;
  }

  /**
   * `member`: identify says that it speaks the protocols of the network. `answer`: what it sends to the first
   * bytes on each stream of the victim. `echoes`: protocols on whose streams it sends back what comes.
   * `services` that speak the protocols take the place of both.
   */
  static async create(address: string, init: StrangerInit = {}): Promise<Stranger> {
    const libp2p = await createLibp2p({
      ...(init.privateKey && { privateKey: init.privateKey }),
      addresses: { listen: [] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionMonitor: { enabled: false },
      services: { identify: identify(), ...init.services } as never,
    });
    if (init.member !== false && init.services?.fetch === undefined) {
      const { answer, echoes = [] } = init;
      const handler = (stream: Stream): void => {
        if (answer === undefined) return;
        stream.addEventListener('message', () => void stream.send(answer), { once: true });
      };
      const echo = (stream: Stream): void =>
        stream.addEventListener('message', ({ data }) => void stream.send(data));
      for (const protocol of new Set([FETCH, COMMONWARE, ...echoes])) {
        await libp2p.handle(protocol, echoes.includes(protocol) ? echo : handler);
      }
    }
    return new Stranger(libp2p, address);
  }

  async connect(): Promise<void> {
    await this.libp2p.dial(multiaddr(this.#address), { signal: AbortSignal.timeout(5_000) });
  }

  stream(protocol: string): Promise<Stream> {
    return this.libp2p.dialProtocol(multiaddr(this.#address), protocol, {
      signal: AbortSignal.timeout(5_000),
    });
  }

  async stop(): Promise<void> {
    await this.libp2p.stop();
  }
}

/** Resolves once the stream or the attack is over. */
export function over(stream: Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    stream.addEventListener('close', end, { once: true });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted || stream.status !== 'open') end();
  });
}

export interface Crowd {
  readonly count: number;
  create(): Promise<Stranger>;
  begin(): AbortSignal;
}

/** Makes so many identities, begins the attack, and stops them after it. */
export async function withStrangers(
  { count, create, begin }: Crowd,
  use: (strangers: readonly Stranger[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const strangers: Stranger[] = [];
  try {
    for (let i = 0; i < count; i++) strangers.push(await create());
    await use(strangers, begin());
  } finally {
    await Promise.all(strangers.map((stranger) => stranger.stop()));
  }
}
