/**
 * The secrets of a node: its identity, the token of its admin endpoint, the pre-shared key of its mesh. Loads
 * no network, so that the command line makes them quickly.
 */

export { createIdentity, IDENTITY_FILE, type Identity, loadIdentity } from './identity.ts';
export { prepareIdentity, prepareKeys } from './prepare.ts';
export { createPsk, loadPsk, parsePsk } from './psk.ts';
export { loadToken, TOKEN_FILE, TokenFile } from './token.ts';
