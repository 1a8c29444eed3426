import { TokenBuckets } from '../../../protocol/index.ts';
import { BoundedMap, type Clock } from '../../../store/index.ts';
import { DaemonError, reasonOf } from '../../errors.ts';
import {
  atHost,
  hostOf,
  isLoopback,
  parseListenAddress,
  parsePeerAddress,
  plainIp,
  rangeOf,
} from '../../peer-address.ts';
import type { HostNetwork } from '../../system/index.ts';
import { type Dial, isRefusal } from '../dialling/index.ts';
import type { DiscoveryOptions } from '../options.ts';

export interface HearsayInit {
  readonly dial: Dial;
  readonly network: HostNetwork;
  readonly clock: Clock;
  readonly options: DiscoveryOptions;
  readonly allowed: HostRules;
}

/** Further kinds of hosts that a node may dial on hearsay. */
export interface HostRules {
  /** This machine. */
  readonly loopback: boolean;
  /** Private networks. */
  readonly lan: boolean;
}

const LAN: readonly string[] = ['private', 'uniqueLocal', 'carrierGradeNat'];
/** IP addresses of one name that are tried. */
const MAX_TARGETS = 4;
const MAX_PROVEN = 1_024;
const ALL = '';

/** Whether a host that a peer told of may be dialled; a name that may be resolved counts as such. */
export function mayDialHost(host: string, { loopback, lan }: HostRules): boolean {
  const range = rangeOf(host);
  if (range === 'loopback') return loopback;
  return range === null || range === 'unicast' || (lan && isPrivate(host));
}

/** Whether the IP address is of a private network. */
export function isPrivate(host: string): boolean {
  return LAN.includes(rangeOf(host) ?? '');
}

/**
 * Dials addresses that peers told of. A record proves its author, not that its addresses are of the
 * author: without bounds, each forged record makes each node of a mesh dial hosts of strangers.
 */
export class HearsayDial implements Dial {
  readonly #init: HearsayInit;
  readonly #total: TokenBuckets;
  readonly #hosts: TokenBuckets;
  /** IP addresses, with ports and peer ids, that led to their peers at the last dial. */
  readonly #proven = new BoundedMap<string, true>(MAX_PROVEN);

  constructor(init: HearsayInit) {
    this.#init = init;
    const { clock, options } = init;
    const rate = (perSecond: number, burstSeconds: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond, burstSeconds });
    this.#total = rate(options.hearsayPerSecond, options.hearsayBurstSeconds);
    this.#hosts = rate(options.hostPerSecond, options.hostBurstSeconds);
  }

  get self(): string {
    return this.#init.dial.self;
  }

  /** Whether an address that never led to a peer may be dialled now. */
  get ready(): boolean {
    return this.#total.debtMs(ALL) === 0;
  }

  /** Whether the address, with a peer id, led to that peer at the last dial; a name may lead elsewhere. */
  hasProven(address: string): boolean {
    return this.#proven.has(address);
  }

  connected(peer: string): boolean {
    return this.#init.dial.connected(peer);
  }

  brought(peer: string): boolean {
    return this.#init.dial.brought(peer);
  }

  watch: Dial['watch'] = (watcher) => this.#init.dial.watch(watcher);

  async dial(address: string, signal: AbortSignal): Promise<string> {
    let failure: unknown;
    for (const target of await this.#targets(address)) {
      try {
        const peer = await this.#init.dial.dial(target, signal);
        if (peer === parsePeerAddress(target).peerId) this.#proven.set(target, true);
        return peer;
      } catch (error) {
        this.#proven.delete(target);
        failure = error;
        if (signal.aborted || isRefusal(error as DaemonError)) break;
      }
    }
    throw failure;
  }

  /** The IP addresses to dial; a name is looked up once, so that its answer cannot change in between. */
  async #targets(address: string): Promise<string[]> {
    const { multiaddr } = parsePeerAddress(address);
    const host = hostOf(multiaddr);
    if (rangeOf(host) !== null) return this.#targetsAt(address, host);
    this.#total.charge(ALL, 1);
    const ips = (await this.#lookUp(address, host)).filter((ip) => this.#hostHasRoom(ip));
    if (ips.length === 0) throw tooOften(address);
    this.#total.charge(ALL, ips.length - 1);
    return ips.map((ip) => atHost(multiaddr, ip));
  }

  #targetsAt(address: string, ip: string): string[] {
    if (this.#proven.has(address)) return [address];
    this.#total.charge(ALL, 1);
    if (!this.#hostHasRoom(ip)) throw tooOften(address);
    return [address];
  }

  async #lookUp(address: string, host: string): Promise<string[]> {
    const { network, allowed } = this.#init;
    const family = address.startsWith('/dns4/') ? 4 : address.startsWith('/dns6/') ? 6 : 0;
    const ips = await network.lookup(host, family).catch((cause) => {
      const message = `Cannot reach ${address}: its name is not found (${reasonOf(cause)})`;
      throw new DaemonError('DIAL_FAILED', message, { cause });
    });
    const fit = ips.filter((ip) => mayDialHost(ip, allowed));
    if (fit.length === 0) throw unfit(address, ips);
    return fit.slice(0, MAX_TARGETS);
  }

  /** Many nodes of one machine are no attack on it. */
  #hostHasRoom(ip: string): boolean {
    return rangeOf(ip) === 'loopback' || this.#hosts.take(plainIp(ip));
  }
}

function unfit(address: string, ips: readonly string[]): DaemonError {
  const message = `${address} leads to ${ips.join(', ')}, which is not dialled on the word of a peer: add the address to network.peers if it is right`;
  return new DaemonError('DIAL_FAILED', message);
}

function tooOften(address: string): DaemonError {
  const message = `${address} is not dialled now: peers told of many addresses at its host, and it was dialled often enough`;
  return new DaemonError('DIAL_FAILED', message);
}

/** A node reaches private addresses if it has such an address, and addresses of this machine if no others. */
export function allowedHostsOf(init: {
  readonly listen: readonly string[];
  readonly network: HostNetwork;
}): HostRules {
  const listen = init.listen.map(parseListenAddress);
  const hosts = listen.map(hostOf);
  const everywhere = hosts.length === 0 || hosts.some((host) => rangeOf(host) === 'unspecified');
  return {
    loopback: listen.length > 0 && listen.every(isLoopback),
    lan: (everywhere ? init.network.addresses() : hosts).some(isPrivate),
  };
}
