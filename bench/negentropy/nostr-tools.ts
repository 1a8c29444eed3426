import { bytesToHex } from '@noble/hashes/utils.js';
import { nip77 } from 'nostr-tools';
import { type AnyImplementation, implementation } from './implementation.ts';

type Vector = InstanceType<typeof nip77.NegentropyStorageVector>;

/** It knows no way to have no limit. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The Negentropy of nostr-tools. Its responder answers no lists: it takes from them what it needs to
 * know itself, so that each side reports a part of the differences.
 */
export const nostrTools: AnyImplementation = implementation({
  create: async (): Promise<Vector> => new nip77.NegentropyStorageVector(),
  prepare: (batch) => batch.map(({ hint, id }) => ({ time: Number(hint), id: bytesToHex(id) })),
  insert(vector, items) {
    for (const { time, id } of items) vector.insert(time, id);
  },
  seal: (vector) => vector.seal(),
  reconcile(a, b) {
    const initiator = new nip77.Negentropy(a, NO_LIMIT);
    const responder = new nip77.Negentropy(b, NO_LIMIT);
    const [onlyA, onlyB]: [string[], string[]] = [[], []];
    const noteA = (id: string) => onlyA.push(id);
    const noteB = (id: string) => onlyB.push(id);
    let digits = 0;
    let message: string | null = initiator.initiate();
    while (message !== null) {
      digits += message.length;
      const answer = responder.reconcile(message, noteB, noteA);
      if (answer === null) break;
      digits += answer.length;
      message = initiator.reconcile(answer, noteA, noteB);
    }
    return { bytes: digits / 2, found: () => ({ a: onlyA, b: onlyB }) };
  },
  destroy: async () => undefined,
});
