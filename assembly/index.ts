export {
  BUCKETS, CELLS, CELLS_BYTES, HASH, SHORT, SIP_KEY, STATE, WINDOW, WINDOW_BYTES,
} from './layout';
export { absorb, begin, finish } from './blake3';
export { add, combine, combineAll, difference, expand, subtract } from './lthash';
export { sha256 } from './sha256';
export { shortIds, toggle, weigh } from './sketch';
