/**
 * Changes to libp2p where it has no option: frames in Noise, corked TCP writes, windows in Yamux,
 * kept keys for signatures. Each file names its reason and the library version.
 */

export { cheapSignatures } from './key-cache.ts';
export { cheapLengths } from './noise-frames.ts';
export { sendTogether } from './tcp-cork.ts';
export { frugal } from './yamux-window.ts';
