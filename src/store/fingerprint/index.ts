/**
 * Fingerprint schemes: LtHash over BLAKE3, the 256-bit sum of Negentropy, and several schemes side
 * by side.
 */

export { type CompositeScheme, composite, partOffset } from './composite.ts';
export { lthashReference } from './lthash.ts';
export { lthash, lthashKernel } from './lthash-kernel.ts';
export { checkScheme, combineAll, type FingerprintScheme } from './scheme.ts';
export { SUM256_BYTES, sum256 } from './sum256.ts';
