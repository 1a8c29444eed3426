/** Dials: wanted addresses are kept connected with growing pauses; each failed dial has a reason. */

export { type Dial, dialUntil, isRefusal, libp2pDial, timedOut } from './dial.ts';
export type { AddressState } from './dial-target.ts';
export { Dialer } from './dialer.ts';
export { type InboundFailure, observed } from './upgrades.ts';
