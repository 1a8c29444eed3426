import type { Cancel, Clock, Random } from '../../../store/index.ts';
import { jittered } from '../../backoff.ts';
import { DaemonError } from '../../errors.ts';
import type { Logger } from '../../logging.ts';
import { parsePeerAddress, withoutPeer } from '../../peer-address.ts';
import type { Notices } from '../notices.ts';
import { DEFAULT_DIALER_OPTIONS, type DialerOptions } from '../options.ts';
import { type Dial, dialUntil, timedOut } from './dial.ts';
import { type AddressSource, type AddressState, DialTarget } from './dial-target.ts';

export interface DialerInit {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly notices: Notices;
  readonly options?: Partial<DialerOptions>;
}

/** Keeps wanted addresses connected: dials them, also again when the connection is lost. */
export class Dialer {
  readonly #init: DialerInit;
  readonly #options: DialerOptions;
  readonly #wanted = new Map<string, DialTarget>();
  #unwatch: Cancel | undefined;
  #state: 'new' | 'started' | 'stopped' = 'new';

  constructor(init: DialerInit) {
    this.#init = init;
    this.#options = { ...DEFAULT_DIALER_OPTIONS, ...init.options };
  }

  /** Every wanted address, in the order of their addition. */
  get addresses(): AddressState[] {
    return [...this.#wanted.values()].map((wanted) => this.#stateOf(wanted));
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#unwatch = this.#init.dial.watch({
      connected: (peer) => {
        for (const wanted of this.#targetsOf(peer)) this.#settled(wanted);
      },
      disconnected: (peer) => {
        for (const wanted of this.#targetsOf(peer)) this.#disconnected(wanted, peer);
      },
    });
    for (const wanted of this.#wanted.values()) this.#schedule(wanted, this.#options.baseMs);
  }

  /** Calls off every dial and timer. */
  stop(): void {
    this.#state = 'stopped';
    this.#unwatch?.();
    for (const wanted of this.#wanted.values()) wanted.stop(shuttingDown());
  }

  /** Keeps an address connected from now on. Throws `INVALID_ADDRESS` and `TOO_MANY_ADDRESSES`. */
  add(address: string, source: AddressSource = 'config'): AddressState {
    return this.#stateOf(this.#add(address, source));
  }

  /**
   * Checks the addresses of a new configuration; the result puts them in the place of those of the old one. An
   * open connection stays. Throws `INVALID_ADDRESS` and `TOO_MANY_ADDRESSES`.
   */
  prepare(addresses: readonly string[]): () => void {
    const { self } = this.#init.dial;
    const parsed = addresses.map(parsePeerAddress).filter(({ peerId }) => peerId !== self);
    const texts = new Set(parsed.map(({ text }) => text));
    const gone = [...this.#wanted.values()].filter(
      ({ address, source }) => source === 'config' && !texts.has(address),
    );
    const added = [...texts].filter((text) => !this.#wanted.has(text)).length;
    const { maxAddresses } = this.#options;
    if (this.#wanted.size - gone.length + added > maxAddresses) throw tooMany(maxAddresses);
    return () => {
      for (const wanted of gone) this.remove(wanted.address);
      for (const text of texts) this.#add(text, 'config');
    };
  }

  /** Whether the peer is kept connected. */
  keeps(peer: string): boolean {
    for (const { peerId } of this.#wanted.values()) if (peerId === peer) return true;
    return false;
  }

  /**
   * Adds an address, dials it now, and resolves with its state once connected. Rejects with
   * `DaemonError` when that fails; unless the address is invalid or of this node, it stays wanted.
   */
  async dial(address: string): Promise<AddressState> {
    if (this.#state === 'stopped') throw shuttingDown();
    const known = this.#wanted.size;
    const wanted = this.#add(address, 'runtime');
    const isNew = this.#wanted.size > known;
    await this.#attempt(wanted, { again: true });
    if (wanted.leadsToSelf) {
      // The operator hears of it now, unlike of an address that led to a peer before.
      if (isNew) this.remove(wanted.address);
      throw ownAddress(wanted.address);
    }
    if (wanted.error !== null && !this.#isConnected(wanted))
      throw this.#notYet(wanted, wanted.error);
    return this.#stateOf(wanted);
  }

  /**
   * Stops dialling the address; a connection stays. An address that is wanted with a peer id is also
   * found without it, and the other way about. Returns the addresses that were wanted.
   */
  remove(address: string): string[] {
    const { text, peerId } = parsePeerAddress(address);
    const exact = this.#wanted.get(text);
    const meant = exact === undefined ? this.#alike(text, peerId) : [exact];
    for (const wanted of meant) {
      this.#wanted.delete(wanted.address);
      wanted.stop(removed(wanted));
    }
    return meant.map((wanted) => wanted.address);
  }

  /**
   * Stops dialling the addresses that name the peer, and returns them. An address without a peer id stays: by
   * now another node may have it.
   */
  forget(peer: string): string[] {
    const known = this.#targetsOf(peer);
    const named = known.filter(({ address }) => parsePeerAddress(address).peerId === peer);
    for (const wanted of known) wanted.peerId = null;
    for (const wanted of named) {
      this.#wanted.delete(wanted.address);
      wanted.stop(removed(wanted));
    }
    return named.map(({ address }) => address);
  }

  #alike(text: string, peerId: string | null): DialTarget[] {
    return [...this.#wanted.values()].filter(
      (wanted) =>
        withoutPeer(wanted.address) === withoutPeer(text) &&
        (peerId === null || wanted.peerId === null || wanted.peerId === peerId),
    );
  }

  #add(address: string, source: AddressSource): DialTarget {
    const { text, peerId } = parsePeerAddress(address);
    const known = this.#wanted.get(text);
    if (known !== undefined) {
      known.source = source;
      return known;
    }
    if (peerId === this.#init.dial.self) throw ownAddress(text);
    if (this.#wanted.size >= this.#options.maxAddresses) throw tooMany(this.#options.maxAddresses);
    const { clock } = this.#init;
    const options = this.#options;
    const wanted = new DialTarget({ address: text, peerId, source, clock, options });
    this.#wanted.set(text, wanted);
    if (this.#state === 'started') this.#schedule(wanted, 0);
    return wanted;
  }

  /** The failure, with advice for the operator who asked for the dial. */
  #notYet(wanted: DialTarget, error: DaemonError): DaemonError {
    if (this.#wanted.get(wanted.address) !== wanted || this.#state === 'stopped') return error;
    const advice =
      'The address stays wanted and is dialled again; "rangemesh peers remove" ends that';
    return new DaemonError(error.code, `${error.message}. ${advice}`, { cause: error });
  }

  #targetsOf(peer: string): DialTarget[] {
    return [...this.#wanted.values()].filter(({ peerId }) => peerId === peer);
  }

  #stateOf(wanted: DialTarget): AddressState {
    return wanted.state(this.#isConnected(wanted));
  }

  #isConnected({ peerId }: DialTarget): boolean {
    return peerId !== null && this.#init.dial.connected(peerId);
  }

  /** Dials after the pause, which chance shortens. */
  #schedule(wanted: DialTarget, pauseMs: number): void {
    if (this.#state !== 'started') return;
    const delayMs = jittered(pauseMs, this.#options.jitter, this.#init.random);
    wanted.wait(delayMs, () => void this.#attempt(wanted));
  }

  /** Dials now, or joins the dial under way; never rejects. */
  #attempt(wanted: DialTarget, { again = false } = {}): Promise<void> {
    if (wanted.attempt !== null) return wanted.attempt;
    wanted.rest();
    if (this.#isConnected(wanted)) return Promise.resolve();
    if (!again && this.#elsewhere(wanted)) {
      this.#schedule(wanted, this.#options.baseMs);
      return Promise.resolve();
    }
    wanted.attempt = this.#dial(wanted).finally(() => {
      wanted.attempt = null;
    });
    return wanted.attempt;
  }

  /** Whether the same peer is being dialled at another of its addresses. */
  #elsewhere({ peerId }: DialTarget): boolean {
    return peerId !== null && this.#targetsOf(peerId).some(({ attempt }) => attempt !== null);
  }

  async #dial(wanted: DialTarget): Promise<void> {
    const { clock, dial } = this.#init;
    const signal = wanted.begin();
    const late = () => wanted.abort(timedOut(wanted.address));
    const timeout = clock.after(this.#options.timeoutMs, late);
    try {
      this.#succeeded(wanted, await dialUntil(dial, wanted.address, signal));
    } catch (error) {
      this.#failed(wanted, error as DaemonError);
    } finally {
      timeout();
    }
  }

  #succeeded(wanted: DialTarget, peer: string): void {
    if (peer === this.#init.dial.self) {
      this.#ledToSelf(wanted);
      return;
    }
    wanted.peerId = peer;
    if (this.#init.dial.connected(peer)) this.#settled(wanted);
    else this.#schedule(wanted, wanted.backOff.next());
  }

  /** A name, a balancer or a service may lead to another node the next time. */
  #ledToSelf(wanted: DialTarget): void {
    const { address } = wanted;
    const code = 'OWN_ADDRESS';
    if (!wanted.leadsToSelf) {
      const message = 'the address leads to this node itself, and is dialled again now and then';
      this.#init.logger.info({ code, address }, message);
    }
    wanted.peerId = parsePeerAddress(address).peerId;
    const message = `${address} led to this node itself: it is dialled again now and then, since a name or a balancer may lead to another node; "rangemesh peers remove" ends that`;
    wanted.fail(new DaemonError(code, message));
    this.#schedule(wanted, this.#options.selfMs);
  }

  #settled(wanted: DialTarget): void {
    wanted.connected();
    this.#init.notices.forget(wanted.address);
  }

  #failed(wanted: DialTarget, error: DaemonError): void {
    if (this.#state === 'stopped' || this.#wanted.get(wanted.address) !== wanted) return;
    if (this.#isConnected(wanted)) {
      this.#settled(wanted);
      return;
    }
    wanted.fail(error);
    this.#say(wanted, error);
    this.#schedule(wanted, wanted.backOff.next());
  }

  #say({ address, peerId }: DialTarget, error: DaemonError): void {
    const { code, message } = error;
    const fields = { address, ...(peerId !== null && { peer: peerId }) };
    this.#init.notices.say({ code, remote: address, fields, message });
  }

  #disconnected(wanted: DialTarget, peer: string): void {
    wanted.disconnected(this.#init.dial.brought(peer));
    if (wanted.attempt === null) this.#schedule(wanted, wanted.backOff.next());
  }
}

function ownAddress(address: string): DaemonError {
  const message = `${address} is an address of this node itself: give the address of another one`;
  return new DaemonError('INVALID_ADDRESS', message);
}

function tooMany(maxAddresses: number): DaemonError {
  const message = `${maxAddresses} addresses are wanted already, which is the limit: remove one first, with "rangemesh peers remove ADDRESS" or DELETE /v1/peers`;
  return new DaemonError('TOO_MANY_ADDRESSES', message);
}

function removed({ address }: DialTarget): DaemonError {
  return new DaemonError('UNKNOWN_ADDRESS', `${address} was removed while it was being dialled`);
}

function shuttingDown(): DaemonError {
  return new DaemonError('SHUTTING_DOWN', 'The node is shutting down');
}
