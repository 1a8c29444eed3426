/** Changes to libp2p where it has no option. Each file names its reason. */

export { cheapSignatures } from './key-cache.ts';
export { cheapCiphers } from './noise-cipher.ts';
export { cheapLengths } from './noise-frames.ts';
export { heardFrom, sendTogether } from './tcp-cork.ts';
export { PacedReads, type PacedReadsInit } from './tcp-reads.ts';
export { frugal } from './yamux-window.ts';
