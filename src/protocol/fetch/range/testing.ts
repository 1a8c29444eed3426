/** For tests alone: the parts of this room that they look at from inside. */

export * from './codec.ts';
export * from './constants.ts';
export { packItems } from './item-packer.ts';
export { partsOf } from './page-parts.ts';
export { partDigest } from './part-digest.ts';
export { PartReader, type RangePart } from './part-reader.ts';
