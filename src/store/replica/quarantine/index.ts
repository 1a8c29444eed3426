/** Damaged items are put aside under their id, so that a peer can replace them. */

export { type Inspection, Quarantine } from './quarantine.ts';
