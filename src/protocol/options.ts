/** The options of the protocol and their defaults. */
export * from './announce/options.ts';
export * from './fetch/options.ts';
export * from './reconcile/options.ts';
