/** The options of the store and their defaults. */
export * from './replica/options.ts';
