import { join } from 'node:path';
import {
  generateKeyPairFromSeed,
  privateKeyFromProtobuf,
  privateKeyToProtobuf,
} from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { type Random, shortageOf } from '../../store/index.ts';
import { DaemonError, reasonOf } from '../errors.ts';
import { loadOrCreateSecret } from '../files/index.ts';
import type { Logger } from '../logging.ts';

export const IDENTITY_FILE = 'identity.key';

export interface Identity {
  readonly privateKey: Ed25519PrivateKey;
  readonly peerId: string;
}

export interface IdentityInit {
  /** The data directory; it must exist. */
  readonly directory: string;
  readonly random: Pick<Random, 'bytes'>;
  readonly logger: Logger;
}

/**
 * The node's Ed25519 key, made at the first start and then loaded from `identity.key`: one line, the
 * base64 of libp2p's protobuf of a private key. Rejects with `IDENTITY_UNREADABLE`.
 */
export async function loadIdentity(init: IdentityInit): Promise<Identity> {
  const path = join(init.directory, IDENTITY_FILE);
  try {
    const create = async () => encode(await createIdentity(init.random));
    return identityOf(decode(await loadOrCreateSecret({ ...init, path, create })));
  } catch (error) {
    const advice =
      shortageOf(reasonOf(error)) ??
      'restore it from a backup, or move it away: a new one is then made, and every peer that lists this node must list the new peer id';
    const message = `The identity key ${path} cannot be used (${reasonOf(error)}): ${advice}`;
    throw new DaemonError('IDENTITY_UNREADABLE', message, { cause: error });
  }
}

/** A new identity that is kept nowhere. */
export async function createIdentity(random: Pick<Random, 'bytes'>): Promise<Identity> {
  return identityOf(await generateKeyPairFromSeed('Ed25519', random.bytes(32)));
}

function identityOf(privateKey: Ed25519PrivateKey): Identity {
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey).toString() };
}

function encode(identity: Identity): string {
  return Buffer.from(privateKeyToProtobuf(identity.privateKey)).toString('base64');
}

function decode(text: string): Ed25519PrivateKey {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new Error('it is not base64');
  const key = privateKeyFromProtobuf(Buffer.from(text, 'base64'));
  if (key.type !== 'Ed25519') throw new Error(`it is an ${key.type} key, not Ed25519`);
  return key;
}
