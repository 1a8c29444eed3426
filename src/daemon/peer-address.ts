import { isIP } from 'node:net';
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import ipaddr from 'ipaddr.js';
import { DaemonError } from './errors.ts';

const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);
const EXAMPLES =
  '/ip4/192.0.2.1/tcp/4001 or /dns4/node.example.org/tcp/4001/p2p/12D3KooW..., with the peer id of the node at the end';

export interface PeerAddress {
  /** The one spelling of this address. */
  readonly text: string;
  readonly multiaddr: Multiaddr;
  /** The peer id at its end, or null. */
  readonly peerId: string | null;
}

/** Checks the address of a peer to dial: host, TCP port, perhaps peer id. Throws `INVALID_ADDRESS`. */
export function parsePeerAddress(address: string): PeerAddress {
  const parsed = parse(address, EXAMPLES);
  const partOf = (code: string) =>
    parsed.getComponents().find(({ name }) => name === code)?.value ?? null;
  const peerId = partOf('p2p');
  if (partOf('tcp') === '0') throw invalid(address, 'it has port 0', EXAMPLES);
  if (peerId !== null) checkPeerId(address, peerId);
  return { text: parsed.toString(), multiaddr: parsed, peerId };
}

/** The text of a checked address without the peer id at its end. */
export function withoutPeer(text: string): string {
  return text.replace(/\/p2p\/[^/]+$/, '');
}

/** The one spelling of a peer id in a list of the operator. Throws `CONFIG_INVALID`. */
export function canonicalPeer(peer: string): string {
  try {
    return peerIdFromString(peer).toString();
  } catch (cause) {
    const message = `"${peer}" in the list of peers is not a peer id: expected one such as 12D3KooW..., which "rangemesh status" prints on that node`;
    throw new DaemonError('CONFIG_INVALID', message, { cause });
  }
}

/** Checks an address to listen on or to announce; port 0 is "any free one". Throws `INVALID_ADDRESS`. */
export function parseListenAddress(address: string): Multiaddr {
  return parse(address, '/ip4/0.0.0.0/tcp/4001 or /ip6/::/tcp/4001');
}

/**
 * The range an IP address lies in, such as `unicast`, `private` or `linkLocal`; null for a name, unless
 * it is one of this machine. IPv4 within IPv6 is taken as IPv4; IPv6 outside 2000::/3, which IANA gives to
 * global unicast, is `reserved` unless it has a range of its own. So is the old form `::a.b.c.d`.
 */
export function rangeOf(host: string): string | null {
  if (isIP(host) === 0) return /^(.+\.)?localhost\.?$/i.test(host) ? 'loopback' : null;
  const address = ipaddr.process(host);
  const range = address.range();
  const elsewhere = address.kind() === 'ipv6' && address.toByteArray()[0]! >> 5 !== 1;
  return range === 'unicast' && elsewhere ? 'reserved' : range;
}

/** The one spelling of an IP address; IPv4 within IPv6 is taken as IPv4. */
export function plainIp(ip: string): string {
  return ipaddr.process(ip).toString();
}

/** The /24 of an IPv4 address, the /64 of an IPv6 address; a name as it is. */
export function subnetOf(host: string): string {
  if (isIP(host) === 0) return host;
  const address = ipaddr.process(host);
  const bits = address.kind() === 'ipv4' ? 24 : 64;
  const bytes = address.toByteArray().fill(0, bits / 8);
  return `${ipaddr.fromByteArray(bytes)}/${bits}`;
}

/** Whether only this machine reaches a host name or IP address. */
export function isLoopbackHost(host: string): boolean {
  return rangeOf(host) === 'loopback';
}

/** The address with an IP address in place of its host name. */
export function atHost(address: Multiaddr, ip: string): string {
  return address.toString().replace(/^\/[^/]+\/[^/]+/, `/ip${isIP(ip)}/${ip}`);
}

/** Whether only this machine reaches a listener on the address. */
export function isLoopback(address: Multiaddr): boolean {
  return isLoopbackHost(hostOf(address));
}

/** The address without the peer id at its end, for texts that name the peer. */
export function placeOf(address: Multiaddr): string {
  return address.toString().replace(/\/p2p\/[^/]+$/, '');
}

/** The host alone, which stays the same when a refused node comes again from another port. */
export function hostOf(address: Multiaddr): string {
  return address.getComponents().find(({ name }) => HOSTS.has(name))?.value ?? address.toString();
}

function parse(address: string, examples: string): Multiaddr {
  let parsed: Multiaddr;
  try {
    parsed = multiaddr(address);
  } catch (cause) {
    throw invalid(address, 'it is not a multiaddr', examples, cause);
  }
  const names = parsed.getComponents().map(({ name }) => name);
  const [host = '', ...rest] = names.filter((name) => name !== 'ip6zone');
  if (!HOSTS.has(host) || !['tcp', 'tcp/p2p'].includes(rest.join('/'))) {
    throw invalid(address, 'it is not a host, a TCP port and at most a peer id', examples);
  }
  return parsed;
}

function checkPeerId(address: string, peerId: string): void {
  try {
    peerIdFromString(peerId);
  } catch (cause) {
    throw invalid(address, `${peerId} is not a peer id`, EXAMPLES, cause);
  }
}

function invalid(address: string, why: string, examples: string, cause?: unknown): DaemonError {
  const shown = address.length > 200 ? `${address.slice(0, 200)}...` : address;
  const message = `"${shown}" is not an address rangemesh can use: ${why}. Expected a TCP multiaddr such as ${examples}`;
  return new DaemonError('INVALID_ADDRESS', message, { cause });
}
