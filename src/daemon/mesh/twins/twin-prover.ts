import type { Ed25519PrivateKey } from '@libp2p/interface';
import {
  type Channel,
  type Knows,
  type Network,
  ProtocolError,
  TokenBuckets,
  TotalRate,
} from '../../../protocol/index.ts';
import type { Clock, Random } from '../../../store/index.ts';
import type { Notices } from '../notices.ts';
import { encodeClaim, type Meeting, meet, NONCE_BYTES } from './claims.ts';
import {
  EXCHANGE_MS,
  EXCHANGES,
  MAX_FRAME_BYTES,
  PEER_EXCHANGES,
  WINDOW_BYTES,
} from './constants.ts';

export interface TwinProverInit {
  readonly protocol: string;
  readonly network: Pick<Network, 'self' | 'handle' | 'unhandle'>;
  readonly key: Pick<Ed25519PrivateKey, 'sign' | 'publicKey'>;
  /** Bytes by chance that tell this run from others under the same identity. */
  readonly run: Uint8Array;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  readonly notices: Pick<Notices, 'say'>;
  readonly knows: Knows;
  /** Milliseconds after its start in which this run gives way to an older one. */
  readonly giveWayMs: number;
}

/** What this run learnt of another one. */
interface Twin extends Pick<Meeting, 'isYounger'> {
  /** The node between. */
  readonly through: string;
  /** Of this run, in milliseconds. */
  readonly ageMs: number;
}

/**
 * Proves to another run of this identity that this one runs, through a node that is connected with both, and has
 * the other one prove the same. Only the key of the identity makes such a proof, and only while a run answers.
 */
export class TwinProver {
  /** Resolves with the id of the node between, once an older run has proved itself to this young one. */
  readonly older: Promise<string>;
  readonly #init: TwinProverInit;
  readonly #startedAt: number;
  readonly #all: TotalRate;
  readonly #each: TokenBuckets;
  readonly #channels = new Set<Channel>();
  readonly #giveWay: (through: string) => void;

  constructor(init: TwinProverInit) {
    const { clock, knows } = init;
    this.#init = init;
    this.#startedAt = clock.monotonic();
    this.#all = new TotalRate({ clock, knows, ...EXCHANGES });
    this.#each = new TokenBuckets({ clock, ...PEER_EXCHANGES });
    const { promise, resolve } = Promise.withResolvers<string>();
    this.older = promise;
    this.#giveWay = resolve;
  }

  async start(): Promise<void> {
    const bounds = { maxFrameBytes: MAX_FRAME_BYTES, receiveWindowBytes: WINDOW_BYTES };
    const { network, protocol } = this.#init;
    await network.handle(protocol, (channel) => this.#serve(channel), bounds);
  }

  /** From now on this run proves nothing. */
  async stop(): Promise<void> {
    const { network, protocol } = this.#init;
    for (const channel of this.#channels)
      channel.abort(new ProtocolError('ABORTED', 'this node stops'));
    await network.unhandle(protocol);
  }

  async #serve(channel: Channel): Promise<void> {
    if (!this.#admits(channel.peer)) {
      throw new ProtocolError('BUSY', 'too many exchanges with other runs of this identity');
    }
    const late = new ProtocolError('TIMEOUT', `an exchange took longer than ${EXCHANGE_MS} ms`);
    const cancel = this.#init.clock.after(EXCHANGE_MS, () => channel.abort(late));
    this.#channels.add(channel);
    try {
      const twin = await this.#exchange(channel);
      if (twin !== null) this.#found(twin);
      await channel.close();
      await channel.receive();
    } finally {
      cancel();
      this.#channels.delete(channel);
    }
  }

  /** A peer over its own rate takes nothing from the rate of all. */
  #admits(peer: string): boolean {
    return this.#each.holds(peer) && this.#all.take(peer) && this.#each.take(peer);
  }

  async #exchange(channel: Channel): Promise<Twin | null> {
    const { protocol, key, run, random } = this.#init;
    const ageMs = Math.floor(this.#init.clock.monotonic() - this.#startedAt);
    const own = encodeClaim({ ageMs, run, nonce: random.bytes(NONCE_BYTES) });
    await channel.send(own);
    const other = await channel.receive();
    if (other === null) return null;
    const { statement, expected, isYounger } = meet(protocol, own, other);
    await channel.send(await key.sign(statement));
    const proof = await channel.receive();
    if (proof === null || !(await key.publicKey.verify(expected, proof))) return null;
    return { through: channel.peer, ageMs, isYounger };
  }

  #found({ through, ageMs, isYounger }: Twin): void {
    const { network, notices, giveWayMs } = this.#init;
    if (isYounger && ageMs <= giveWayMs) {
      this.#giveWay(through);
      return;
    }
    const began = isYounger ? 'before' : 'after';
    const message = `Another running node has the identity ${network.self} of this node, and was started ${began} it; both are connected with peer ${through}: give each node an identity of its own; stop one of them and move its identity.key away`;
    notices.say({ code: 'SAME_IDENTITY', remote: through, fields: { peer: through }, message });
  }
}
