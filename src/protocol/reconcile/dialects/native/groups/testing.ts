/** For tests alone: the parts of this room that they look at from inside. */

export { estimateDifferences, estimateFromZeros, fewestSymbolsFor, sumsOf } from './estimate.ts';
export { matchList, nameOf, namesOf } from './lists.ts';
export { peel } from './peel.ts';
export { decode, isSurprise, newGroup, symbolsInAll } from './peer-group.ts';
export { findPrefixes, prefixesOf, takeSides } from './prefixes.ts';
export { idsFrom, restsOf } from './rests.ts';
export { ShortsPool } from './shorts-pool.ts';
export { idsAt, symbolWords } from './sketch-group.ts';
