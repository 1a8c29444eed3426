/** For tests alone: the parts of this room that they look at from inside. */

export { Cipher } from './cipher.ts';
export { KeyRing } from './key-ring.ts';
export { OldConnections } from './old-connections.ts';
