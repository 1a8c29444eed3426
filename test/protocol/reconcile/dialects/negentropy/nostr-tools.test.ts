import { it } from 'node:test';
import { checkRandomPair, checkSameFrames } from './nostr-tools.ts';

/** `npm run test:slow` goes through 2,000 pairs. */
const PAIRS = 15;

it('negentropy and nostr-tools find exactly what differs, in both roles', () => {
  for (let seed = 1; seed <= PAIRS; seed++) checkRandomPair(seed);
});

it("as an initiator with the reference's overflow says byte for byte what nostr-tools says", () => {
  for (let seed = 1; seed <= 20; seed++) checkSameFrames(seed);
});
