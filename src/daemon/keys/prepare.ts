import { makePrivate } from '../files/index.ts';
import { loadIdentity } from './identity.ts';
import { loadToken, type TokenInit } from './token.ts';

/**
 * Makes the data directory, the identity and the token, each where it is missing, so that a node is known
 * before its first start. Rejects with `DATA_DIR_UNUSABLE` and `IDENTITY_UNREADABLE`.
 */
export async function prepareKeys(init: TokenInit): Promise<{ readonly peerId: string }> {
  const { peerId } = await prepareIdentity(init);
  await loadToken(init);
  return { peerId };
}

/** Likewise, without the token. */
export async function prepareIdentity(init: TokenInit): Promise<{ readonly peerId: string }> {
  await makePrivate(init.directory);
  const { peerId } = await loadIdentity(init);
  return { peerId };
}
