/** For tests alone: the parts of this room that they look at from inside. */

export { estimateDifferences, estimateFromZeros, sumsOf } from './estimate.ts';
export { matchList, nameOf, namesOf } from './lists.ts';
export { peel } from './peel.ts';
export { isSurprise, newGroup, symbolsInAll } from './peer-group.ts';
export { findPrefixes, prefixesOf, takeSides } from './prefixes.ts';
export { idsAt } from './sketch-group.ts';
