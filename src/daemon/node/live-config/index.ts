/** The configuration of a running daemon: its values, their origins, and the keys that can change meanwhile. */

export { type Applier, appliersOf } from './appliers.ts';
export { LiveConfig } from './live-config.ts';
