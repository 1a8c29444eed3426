import type { MultiaddrConnection } from '@libp2p/interface';
import { hostOf, rangeOf, subnetOf } from '../../peer-address.ts';

export interface InboundSlotsInit {
  readonly maxConnectionsPerAddress: number;
  readonly maxConnectionsPerSubnet: number;
}

/** Counts inbound connections, those in their handshake included, by address and by subnet. */
export class InboundSlots {
  readonly #init: InboundSlotsInit;
  readonly #open = new Map<string, number>();

  constructor(init: InboundSlotsInit) {
    this.#init = init;
  }

  /** Takes a place until the connection closes; returns the address or subnet without room, or null. */
  take(connection: MultiaddrConnection): string | null {
    const host = hostOf(connection.remoteAddr);
    // Many nodes of one machine are no flood.
    if (rangeOf(host) === 'loopback') return null;
    const { maxConnectionsPerAddress, maxConnectionsPerSubnet } = this.#init;
    const subnet = subnetOf(host);
    if (this.#count(host) >= maxConnectionsPerAddress) return host;
    if (this.#count(subnet) >= maxConnectionsPerSubnet) return subnet;
    const places = [host, subnet];
    for (const place of places) this.#open.set(place, this.#count(place) + 1);
    const leave = () => {
      for (const place of places) this.#leave(place);
    };
    connection.addEventListener('close', leave, { once: true });
    return null;
  }

  #count(place: string): number {
    return this.#open.get(place) ?? 0;
  }

  #leave(place: string): void {
    const left = this.#count(place) - 1;
    if (left === 0) this.#open.delete(place);
    else this.#open.set(place, left);
  }
}
