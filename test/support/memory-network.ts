import {
  type Channel,
  type ChannelHandler,
  type ChannelInit,
  type Network,
  type OpenInit,
  type PeerWatcher,
  ProtocolError,
} from '../../src/protocol/index.ts';
import type { Cancel, Clock, Random } from '../../src/store/index.ts';

export interface LinkInit {
  /** Milliseconds from one end to the other. @default 1 */
  latencyMs?: number;
  /** Up to so much more, by chance; order is kept. @default 0 */
  jitterMs?: number;
  /** Bytes a millisecond and direction. @default unlimited */
  bytesPerMs?: number;
  /** Mean milliseconds the link holds before it breaks by chance. @default it never breaks */
  meanUptimeMs?: number;
  /** Mean milliseconds until a link broken by chance is there again. @default 1_000 */
  meanDowntimeMs?: number;
  /** Milliseconds more in each direction, first that from the first node. @default none */
  moreMs?: readonly [number, number];
  /** Whether frames of one stream may pass those of another. @default false */
  reorders?: boolean;
}

export interface MemoryNetworkInit {
  clock: Clock;
  random: Random;
  /** Told of all that happens, a line each. The same seed gives the same lines. */
  trace?: (line: string) => void;
}

const WINDOW_BYTES = 1024 * 1024;
const OPEN_BYTES = 64;

/** Nodes joined by links, all in one process, driven by the clock that is passed in. */
export class MemoryNetwork {
  readonly init: MemoryNetworkInit;
  readonly #nodes = new Map<string, MemoryNode>();
  readonly #links = new Map<string, Link>();

  constructor(init: MemoryNetworkInit) {
    this.init = init;
  }

  /** The node of that id, made when it is new. */
  node(id: string): MemoryNode {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const node = new MemoryNode(id);
    this.#nodes.set(id, node);
    return node;
  }

  /** Joins two nodes, or joins them again. */
  connect(a: string, b: string, init: LinkInit = {}): void {
    const name = linkName(a, b);
    const link = this.#links.get(name) ?? new Link(this.init, this.node(a), this.node(b), init);
    this.#links.set(name, link);
    link.raise();
  }

  /** Breaks the link between two nodes until `connect` is called again. */
  disconnect(a: string, b: string): void {
    this.#links.get(linkName(a, b))?.fall();
  }

  /** Ends a node at once, as a crash does: it hears and says nothing more. A new one may take its id. */
  kill(id: string): void {
    const node = this.node(id);
    this.#nodes.delete(id);
    node.silence();
    for (const [name, link] of this.#links) {
      if (!link.ends(node)) continue;
      link.fall();
      this.#links.delete(name);
    }
    node.links.clear();
  }

  /** Breaks all links for good. */
  close(): void {
    for (const link of this.#links.values()) link.fall();
  }
}

function linkName(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** One direction of a link: frames of one stream arrive in order, later. */
class Pipe {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #init: LinkInit;
  readonly #direction: 0 | 1;
  #epoch = 0;
  #busyUntil = 0;
  /** By stream, where streams pass each other. */
  #lastArrivals = new Map<object, number>();

  constructor({ clock, random }: MemoryNetworkInit, init: LinkInit, direction: 0 | 1) {
    this.#clock = clock;
    this.#random = random;
    this.#init = init;
    this.#direction = direction;
  }

  send(bytes: number, arrive: () => void, stream: object): void {
    const { latencyMs = 1, jitterMs = 0, bytesPerMs = Number.POSITIVE_INFINITY } = this.#init;
    const { moreMs, reorders = false } = this.#init;
    const now = this.#clock.monotonic();
    this.#busyUntil = Math.max(now, this.#busyUntil) + bytes / bytesPerMs;
    const jitter = jitterMs === 0 ? 0 : jitterMs * this.#random.fraction();
    const delay = latencyMs + jitter + (moreMs?.[this.#direction] ?? 0);
    const lane = reorders ? stream : this;
    const last = Math.max(this.#lastArrivals.get(lane) ?? 0, this.#busyUntil + delay);
    this.#lastArrivals.set(lane, last);
    const epoch = this.#epoch;
    this.#clock.after(last - now, () => {
      if (epoch === this.#epoch) arrive();
    });
  }

  /** Loses what is under way. */
  drop(): void {
    this.#epoch++;
    this.#busyUntil = 0;
    this.#lastArrivals.clear();
  }
}

class Link {
  readonly #init: LinkInit;
  readonly #network: MemoryNetworkInit;
  readonly #ends: readonly [MemoryNode, MemoryNode];
  readonly #pipes: readonly [Pipe, Pipe];
  /** Fails what depends on the link. */
  readonly dependants: Set<(error: ProtocolError) => void> = new Set();
  #up = false;
  #cancel: Cancel | undefined;

  constructor(network: MemoryNetworkInit, a: MemoryNode, b: MemoryNode, init: LinkInit) {
    this.#init = init;
    this.#network = network;
    this.#ends = [a, b];
    this.#pipes = [new Pipe(network, init, 0), new Pipe(network, init, 1)];
  }

  get up(): boolean {
    return this.#up;
  }

  other(node: MemoryNode): MemoryNode {
    return node === this.#ends[0] ? this.#ends[1] : this.#ends[0];
  }

  ends(node: MemoryNode): boolean {
    return this.#ends.includes(node);
  }

  send(from: MemoryNode, bytes: number, arrive: () => void, stream: object = this): void {
    if (this.#up) this.#pipes[from === this.#ends[0] ? 0 : 1].send(bytes, arrive, stream);
  }

  trace(from: MemoryNode, what: string): void {
    const { clock, trace } = this.#network;
    trace?.(`${clock.monotonic()} ${from.self}>${this.other(from).self} ${what}`);
  }

  raise(): void {
    if (this.#up) return;
    this.#up = true;
    this.trace(this.#ends[0], 'link up');
    for (const node of this.#ends) {
      node.links.set(this.other(node).self, this);
      this.send(this.other(node), 0, () => node.refresh(this.other(node).self));
    }
    const { meanUptimeMs } = this.#init;
    if (meanUptimeMs !== undefined) this.#later(meanUptimeMs, () => this.#break());
  }

  fall(): void {
    this.#cancel?.();
    if (!this.#up) return;
    this.#up = false;
    this.trace(this.#ends[0], 'link down');
    for (const pipe of this.#pipes) pipe.drop();
    const error = new ProtocolError('STREAM_FAILED', 'the connection closed');
    for (const fail of [...this.dependants]) fail(error);
    for (const node of this.#ends) node.refresh(this.other(node).self);
  }

  #break(): void {
    this.fall();
    this.#later(this.#init.meanDowntimeMs ?? 1_000, () => this.raise());
  }

  #later(meanMs: number, callback: () => void): void {
    const { clock, random } = this.#network;
    this.#cancel = clock.after(-Math.log(1 - random.fraction()) * meanMs, callback);
  }
}

interface Handler {
  readonly handler: ChannelHandler;
  readonly init: ChannelInit;
  readonly open: Map<string, number>;
}

interface Watch {
  readonly protocol: string;
  readonly watcher: PeerWatcher;
  readonly known: Set<string>;
}

export class MemoryNode implements Network {
  readonly self: string;
  readonly links: Map<string, Link> = new Map();
  readonly #handlers = new Map<string, Handler>();
  readonly #watches = new Set<Watch>();

  constructor(self: string) {
    this.self = self;
  }

  async handle(protocol: string, handler: ChannelHandler, init: ChannelInit): Promise<void> {
    this.#handlers.set(protocol, { handler, init, open: new Map() });
    this.#tell();
  }

  async unhandle(protocol: string): Promise<void> {
    this.#handlers.delete(protocol);
    this.#tell();
  }

  async watch(protocol: string, watcher: PeerWatcher): Promise<() => void> {
    const watch: Watch = { protocol, watcher, known: new Set() };
    this.#watches.add(watch);
    for (const peer of this.links.keys()) this.refresh(peer);
    return () => this.#watches.delete(watch);
  }

  open(peer: string, protocol: string, init: OpenInit): Promise<Channel> {
    const link = this.links.get(peer);
    const opened = Promise.withResolvers<Channel>();
    const { signal } = init;
    const fail = (error: ProtocolError): void => {
      link?.dependants.delete(fail);
      opened.reject(error);
    };
    const callOff = (): void => fail(calledOff(signal?.reason));
    signal?.addEventListener('abort', callOff, { once: true });
    if (signal?.aborted === true) callOff();
    else if (link?.up !== true) fail(new ProtocolError('UNKNOWN_PEER', `${peer} is not connected`));
    else {
      link.dependants.add(fail);
      link.trace(this, `open ${protocol}`);
      link.send(this, OPEN_BYTES, () =>
        link.other(this).accept(link, protocol, init, opened, fail),
      );
    }
    return opened.promise.finally(() => {
      link?.dependants.delete(fail);
      signal?.removeEventListener('abort', callOff);
    });
  }

  /** The other end of `open`. */
  accept(
    link: Link,
    protocol: string,
    init: OpenInit,
    opened: PromiseWithResolvers<Channel>,
    fail: (error: ProtocolError) => void,
  ): void {
    const opener = link.other(this);
    const handler = this.#handlers.get(protocol);
    if (handler === undefined) {
      const error = new ProtocolError('UNSUPPORTED_PROTOCOL', `${this.self} has no ${protocol}`);
      link.send(this, 1, () => fail(error));
    } else if ((handler.open.get(opener.self) ?? 0) >= (handler.init.maxInbound ?? 1)) {
      link.send(this, 1, () =>
        fail(new ProtocolError('STREAM_FAILED', 'the peer reset the stream')),
      );
    } else {
      const theirs = new MemoryChannel(link, opener, init, handler.init);
      const ours = new MemoryChannel(link, this, handler.init, init);
      theirs.join(ours);
      ours.join(theirs);
      link.send(this, OPEN_BYTES, () => {
        if (init.signal?.aborted === true) theirs.abort(calledOff(init.signal.reason));
        opened.resolve(theirs);
      });
      const count = (by: number) =>
        handler.open.set(opener.self, (handler.open.get(opener.self) ?? 0) + by);
      count(1);
      void Promise.all([serve(ours, handler.handler), ours.finished]).then(() => count(-1));
    }
  }

  /** Nothing of the network reaches its owner from now on. */
  silence(): void {
    this.#watches.clear();
    this.#handlers.clear();
  }

  /** Looks whether a peer speaks what is watched for. */
  refresh(peer: string): void {
    const link = this.links.get(peer);
    for (const { protocol, watcher, known } of [...this.#watches]) {
      const speaks = link?.up === true && link.other(this).#handlers.has(protocol);
      if (speaks && !known.has(peer)) {
        known.add(peer);
        watcher.connected(peer);
      } else if (!speaks && known.delete(peer)) {
        watcher.disconnected(peer);
      }
    }
  }

  #tell(): void {
    for (const link of this.links.values()) {
      link.send(this, 0, () => link.other(this).refresh(this.self));
    }
  }
}

function calledOff(reason: unknown): ProtocolError {
  return reason instanceof ProtocolError ? reason : new ProtocolError('ABORTED', 'called off');
}

async function serve(channel: Channel, handler: ChannelHandler): Promise<void> {
  try {
    await handler(channel);
    channel.abort(new ProtocolError('ABORTED', 'the channel is not served any more'));
  } catch (error) {
    channel.abort(calledOff(error));
  }
}

/** One end of a channel. */
class MemoryChannel implements Channel {
  readonly peer: string;
  readonly #link: Link;
  readonly #node: MemoryNode;
  readonly #maxFrameBytes: number;
  #other: MemoryChannel | undefined;
  #credit: number;
  #wake: PromiseWithResolvers<void> | undefined;
  #inbox: Uint8Array[] = [];
  #waiting: PromiseWithResolvers<Uint8Array | null> | undefined;
  #error: ProtocolError | undefined;
  #closed = false;
  #peerClosed = false;
  readonly #finished = Promise.withResolvers<void>();
  readonly #broken = new AbortController();
  readonly #fall = (error: ProtocolError): void => this.#fail(error);
  sentBytes = 0;
  receivedBytes = 0;

  constructor(link: Link, node: MemoryNode, own: ChannelInit, remote: ChannelInit) {
    this.#link = link;
    this.#node = node;
    this.#maxFrameBytes = own.maxFrameBytes;
    this.#credit = remote.receiveWindowBytes ?? WINDOW_BYTES;
    this.peer = link.other(node).self;
    link.dependants.add(this.#fall);
  }

  join(other: MemoryChannel): void {
    this.#other = other;
  }

  /** Resolves once both sides are closed, or the channel broke. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  async sendAll(frames: readonly Uint8Array[]): Promise<void> {
    await Promise.all(frames.map((frame) => this.send(frame)));
  }

  async send(frame: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#closed) throw new ProtocolError('STREAM_CLOSED', 'our side is closed');
    const bytes = framedBytes(frame);
    const copy = frame.slice();
    this.sentBytes += bytes;
    this.#credit -= bytes;
    this.#link.trace(this.#node, `frame ${frame.length}`);
    this.#send(bytes, (other) => other.#arrive(copy));
    while (this.#credit <= 0 && this.#error === undefined) {
      this.#wake ??= Promise.withResolvers();
      await this.#wake.promise;
    }
    if (this.#error !== undefined) throw this.#error;
  }

  async receive(): Promise<Uint8Array | null> {
    if (this.#waiting !== undefined) throw new TypeError('somebody waits for a frame already');
    if (this.#error !== undefined) throw this.#error;
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#deliver();
    return promise;
  }

  ready(maxBytes: number): readonly Uint8Array[] {
    let fitting = 0;
    for (let bytes = 0; fitting < this.#inbox.length; fitting++) {
      bytes += framedBytes(this.#inbox[fitting]!);
      if (bytes > maxBytes) break;
    }
    const frames = this.#inbox.splice(0, fitting);
    for (const frame of frames) this.#send(0, (other) => other.#refill(framedBytes(frame)));
    return frames;
  }

  async close(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#closed) return;
    this.#closed = true;
    this.#link.trace(this.#node, 'close');
    this.#send(1, (other) => other.#arriveEnd());
    this.#maybeFinish();
  }

  abort(error: ProtocolError): void {
    if (this.#error === undefined && !(this.#closed && this.#peerClosed)) {
      this.#link.trace(this.#node, `reset ${error.code}`);
      const reset = new ProtocolError('STREAM_FAILED', 'the peer reset the stream');
      this.#send(1, (other) => other.#fail(reset));
    }
    this.#fail(error);
  }

  #send(bytes: number, arrive: (other: MemoryChannel) => void): void {
    const other = this.#other!;
    this.#link.send(this.#node, bytes, () => arrive(other), this);
  }

  #arrive(frame: Uint8Array): void {
    if (this.#error !== undefined) return;
    this.receivedBytes += framedBytes(frame);
    if (frame.length > this.#maxFrameBytes) {
      this.abort(new ProtocolError('FRAME_TOO_LARGE', `a frame of ${frame.length} bytes`));
      return;
    }
    this.#inbox.push(frame);
    this.#deliver();
  }

  #arriveEnd(): void {
    if (this.#error !== undefined) return;
    this.#peerClosed = true;
    this.#maybeFinish();
    this.#deliver();
  }

  #deliver(): void {
    if (this.#waiting === undefined) return;
    const frame = this.#inbox.shift() ?? (this.#peerClosed ? null : undefined);
    if (frame === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (frame !== null) this.#send(0, (other) => other.#refill(framedBytes(frame)));
    waiting.resolve(frame);
  }

  #refill(bytes: number): void {
    this.#credit += bytes;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.resolve();
  }

  #fail(error: ProtocolError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#inbox = [];
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#wake?.resolve();
    this.#broken.abort(error);
    this.#finish();
  }

  #maybeFinish(): void {
    if (this.#closed && this.#peerClosed) this.#finish();
  }

  #finish(): void {
    this.#link.dependants.delete(this.#fall);
    this.#finished.resolve();
  }
}

function framedBytes(frame: Uint8Array): number {
  let prefix = 1;
  for (let rest = frame.length; rest >= 0x80; rest >>>= 7) prefix++;
  return prefix + frame.length;
}
