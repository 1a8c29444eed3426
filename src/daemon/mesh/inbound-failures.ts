import type { Multiaddr } from '@multiformats/multiaddr';
import type { Logger } from '../logging.ts';
import { hostOf } from '../peer-address.ts';
import type { Access } from './access.ts';
import type { Notice, Notices } from './notices.ts';

/** Failures that the gater has logged. */
const SAID = new Set(['ConnectionInterceptedError']);

/** Logs a failed inbound handshake, with advice. */
export function inboundFailures(init: {
  readonly mode: Access['mode'];
  readonly notices: Notices;
  readonly logger: Logger;
  /** Whether a connection under the identity of this node may come from this node itself. */
  isOwnDial(): boolean;
}) {
  return (remote: Multiaddr, error: Error): void => {
    if (SAID.has(error.name)) return;
    if (error.name === 'InvalidPeerIdError') {
      if (!init.isOwnDial()) init.notices.say(twinAt(remote));
      return;
    }
    const fields = { address: remote.toString(), reason: error.message };
    if (saidNothing(init.mode, error)) {
      init.logger.debug(fields, 'a connection was closed before it said anything');
      return;
    }
    const { code, message } = describe(init.mode, remote, error);
    init.notices.say({ code, remote: hostOf(remote), fields, message });
  };
}

function twinAt(remote: Multiaddr): Notice {
  const message = `Another running node has the identity of this node, and connected from ${remote}: give each node an identity of its own; stop one of them and move its identity.key away`;
  return { code: 'SAME_IDENTITY', remote: hostOf(remote), message };
}

/** A port scan or a health check. Under a pre-shared key the exchange of nonces fails before any encryption. */
function saidNothing(mode: Access['mode'], error: Error): boolean {
  if (mode === 'psk')
    return !['EncryptionFailedError', 'ConnectionDeniedError', 'DaemonError'].includes(error.name);
  return /unexpected eof.* 0\/1 bytes/i.test(error.message);
}

function describe(mode: Access['mode'], remote: Multiaddr, error: Error) {
  if (error.name === 'ConnectionDeniedError') {
    return {
      code: 'TOO_MANY_CONNECTIONS',
      message: `Refused a connection from ${remote}: too many are open, or too many came at once from this host`,
    };
  }
  if (mode === 'psk') {
    return {
      code: 'WRONG_PRE_SHARED_KEY',
      message: `Refused a connection from ${remote}: it has another pre-shared key, or none; give it a copy of this node's key file if it belongs to the mesh`,
    };
  }
  return {
    code: 'HANDSHAKE_FAILED',
    message: `Refused a connection from ${remote}: the handshake failed (${error.message}); if it is a rangemesh node, it has a pre-shared key and this node has none, or it expected another peer id here`,
  };
}
