import { ProtocolError } from './errors.ts';

const MAX_NETWORK_NAME = 64;

/**
 * The libp2p protocol id `/rangemesh/<network>/<part>/...`. The network's name is percent-encoded,
 * so that two deployments with different names never share an id. Throws `INVALID_NETWORK_NAME`.
 */
export function protocolId(networkName: string, ...parts: (string | number)[]): string {
  return ['', 'rangemesh', encodeName(networkName), ...parts].join('/');
}

function encodeName(name: string): string {
  if (
    typeof name === 'string' &&
    name.length > 0 &&
    name.length <= MAX_NETWORK_NAME &&
    name.isWellFormed()
  ) {
    return encodeURIComponent(name);
  }
  throw new ProtocolError(
    'INVALID_NETWORK_NAME',
    `a network is named by well-formed text of 1 to ${MAX_NETWORK_NAME} characters, not by '${String(name).slice(0, MAX_NETWORK_NAME)}'`,
  );
}
