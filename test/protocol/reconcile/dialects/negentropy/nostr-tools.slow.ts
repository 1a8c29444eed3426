import { it } from 'node:test';
import { checkRandomPair } from './nostr-tools.ts';

const PAIRS = 2_000;

it(`negentropy and nostr-tools find exactly what differs, ${PAIRS} times, in both roles`, () => {
  for (let seed = 1; seed <= PAIRS; seed++) checkRandomPair(seed);
});
