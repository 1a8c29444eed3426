import type { AbortOptions, ConnectionProtector, MultiaddrConnection } from '@libp2p/interface';
import { byteStream } from '@libp2p/utils';
import type { Clock, Random } from '../../../store/index.ts';
import { DaemonError, reasonOf } from '../../errors.ts';
import type { Access } from '../access.ts';
import type { Notices } from '../notices.ts';
import { Cipher } from './cipher.ts';
import { EncipheredConnection } from './enciphered.ts';
import { KeyRing } from './key-ring.ts';
import { OldConnections } from './old-connections.ts';

const NONCE_BYTES = 24;
/** What a dialler says first under its key. */
const GREETING = new TextEncoder().encode('\x13/multistream/1.0.0\n');
/** A dialler sends some 60 bytes before it waits for an answer. */
const MAX_UNREAD_BYTES = 64 * 1024;

type Handshake = ReturnType<typeof byteStream<MultiaddrConnection>>;

interface PrivateNetworkInit {
  readonly access: Access;
  readonly clock: Clock;
  readonly notices: Pick<Notices, 'say'>;
  readonly random: Pick<Random, 'bytes'>;
}

/** Null where access needs no key. Throws `CONFIG_INVALID`. */
export function privateNetworkOf({
  access,
  clock,
  random,
  notices,
}: PrivateNetworkInit): (() => ConnectionProtector) | null {
  if (access.mode !== 'psk') return null;
  const keys = new KeyRing({ ...access, psk: access.psk ?? '', clock });
  const old = new OldConnections({ clock, notices, keys });
  return () => privateNetwork({ keys, old, random });
}

interface ProtectorInit extends Pick<PrivateNetworkInit, 'random'> {
  readonly keys: KeyRing;
  readonly old: OldConnections;
}

/**
 * The private networks of libp2p ("pnet"), with several keys. Each side sends a nonce in the clear, and what
 * follows is enciphered. The side that is dialled finds the key by the first line, and sends nothing before.
 */
function privateNetwork({ keys, old, random }: ProtectorInit): ConnectionProtector {
  return {
    async protect(connection: MultiaddrConnection, options: AbortOptions = {}) {
      const bytes = byteStream(connection, { maxBufferSize: MAX_UNREAD_BYTES });
      const ours = random.bytes(NONCE_BYTES);
      const [theirs] = await Promise.all([
        bytes.read({ bytes: NONCE_BYTES, ...options }),
        bytes.write(ours, options),
      ]);
      const nonces = { ours, theirs: theirs.subarray() };
      const { key, enciphered } =
        connection.direction === 'inbound'
          ? await accept(bytes, nonces, keys.accepted, options)
          : dial(bytes, nonces, keys);
      if (keys.isOld(key)) old.add(enciphered);
      return enciphered;
    },
  };
}

interface Nonces {
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

interface Secured {
  readonly key: Uint8Array;
  readonly enciphered: EncipheredConnection;
}

/** Rejects with `WRONG_PRE_SHARED_KEY`. */
async function accept(
  bytes: Handshake,
  { ours, theirs }: Nonces,
  keys: readonly Uint8Array[],
  options: AbortOptions,
): Promise<Secured> {
  const first = await bytes.read({ bytes: GREETING.length, ...options }).catch((cause: Error) => {
    throw wrongKey(`it did not greet under a key: ${reasonOf(cause)}`, cause);
  });
  const key = keys.find((each) => greets(first.subarray(), theirs, each));
  if (key === undefined) throw wrongKey('its greeting is under another key');
  const inbound = new Cipher(theirs, key);
  const greeting = inbound.apply(first.subarray());
  const enciphered = new EncipheredConnection(bytes.unwrap(), {
    ...{ inbound, greeting },
    outbound: new Cipher(ours, key),
  });
  return { key, enciphered };
}

function greets(first: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean {
  const cipher = new Cipher(nonce, key);
  const text = cipher.apply(first);
  cipher.end();
  return text.every((byte, i) => byte === GREETING[i]);
}

/** The other side answers only what it can read, so any answer shows that it has the key. */
function dial(bytes: Handshake, { ours, theirs }: Nonces, keys: KeyRing): Secured {
  const connection = bytes.unwrap();
  const address = connection.remoteAddr.toString();
  const key = keys.keyFor(address);
  let answered = false;
  connection.addEventListener('message', () => (answered = true), { once: true });
  connection.addEventListener('close', () => answered || keys.failed(address, key), { once: true });
  const enciphered = new EncipheredConnection(connection, {
    inbound: new Cipher(theirs, key),
    outbound: new Cipher(ours, key),
  });
  return { key, enciphered };
}

function wrongKey(why: string, cause?: Error): DaemonError {
  return new DaemonError('WRONG_PRE_SHARED_KEY', `The peer has no key of this network: ${why}`, {
    cause,
  });
}
