/**
 * The roots that a set had after its last commits, and the keys that came since each. A peer with one of these
 * roots lacks exactly those keys.
 */

export { DEFAULT_ROOT_HISTORY_OPTIONS, type RootHistoryOptions } from './options.ts';
export { RootHistory, type RootHistoryInit } from './root-history.ts';
