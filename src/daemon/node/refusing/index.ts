/** The refused items as an operator sees and changes them. */

export { refusalFacts, refusedItems } from './refused-items.ts';
