/**
 * Dials: configured addresses are kept connected with growing pauses, and each attempt ends with a
 * reason.
 */

export { type Dial, dialUntil, libp2pDial, timedOut } from './dial.ts';
export type { AddressSource, AddressState } from './dial-target.ts';
export { Dialer, type DialerInit } from './dialer.ts';
export { type InboundFailure, observed } from './upgrades.ts';
