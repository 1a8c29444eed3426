/** Which hints a node accepts. */

export { AcceptedHints } from './accepted-hints.ts';
