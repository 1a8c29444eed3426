import { BlockList, isIP } from 'node:net';
import { isLoopback, parseListenAddress } from '../peer-address.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine reaches a host name or IP address. */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  if (family !== 0) return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Whether only this machine reaches a listener on the multiaddr. */
export function isLoopbackAddress(address: string): boolean {
  return isLoopback(parseListenAddress(address));
}
