/**
 * The protocol as a library: dialects, sessions, fetch, announce and the ReconciliationSet. It
 * loads no package but @noble/hashes.
 */

export * from './announce/index.ts';
export * from './budgets/index.ts';
export * from './clock/index.ts';
export { ProtocolError, type ProtocolErrorCode, SessionStop } from './errors.ts';
export * from './fetch/index.ts';
export type { Knows } from './knows.ts';
export type { Log } from './log.ts';
export type * from './network/index.ts';
export { protocolId } from './protocol-id.ts';
export * from './reconcile/index.ts';
export * from './reconciliation-set/index.ts';
