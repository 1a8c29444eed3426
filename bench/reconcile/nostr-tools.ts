import { nip77 } from 'nostr-tools';
import type { Role, Session, Step } from '../../src/protocol/index.ts';
import { bytesToHex, bytesToKey, hexToBytes, type ItemKey } from '../../src/store/index.ts';
import type { Sessions } from './dialects.ts';
import type { Pair, Union } from './sets.ts';

type Vector = InstanceType<typeof nip77.NegentropyStorageVector>;

/** It knows no way to have no limit. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * Makes sessions of the Negentropy of nostr-tools: the baseline, not written here. Its responder does
 * not answer lists, as the protocol wants it to: it keeps to itself what it finds the initiator to lack.
 */
export function nostrSessions(union: Union, { onlyA, onlyB }: Pair): () => Sessions {
  const a = vectorOf(union.keys, onlyB);
  const b = vectorOf(union.keys, onlyA);
  return () => {
    const initiator = new nip77.Negentropy(a, NO_LIMIT);
    const responder = new nip77.Negentropy(b, NO_LIMIT);
    const [said, heard] = [new Differences(), new Differences()];
    const answerA = (message: string) => initiator.reconcile(message, said.have, said.need);
    const answerB = (message: string) => responder.reconcile(message, heard.have, heard.need);
    return {
      initiator: sessionOf('initiator', () => initiator.initiate(), answerA),
      responder: sessionOf('responder', () => null, answerB),
      found: () => ({
        initiator: [...new Set([...said.needed, ...heard.had])].map(hexToBytes),
        responder: [...new Set([...heard.needed, ...said.had])].map(hexToBytes),
      }),
      unsaid: () => missingFrom(heard.had, said.needed) + missingFrom(said.had, heard.needed),
    };
  };
}

function missingFrom(ids: ReadonlySet<string>, from: ReadonlySet<string>): number {
  return [...ids].filter((id) => !from.has(id)).length;
}

/** What one side found out. */
class Differences {
  readonly had = new Set<string>();
  readonly needed = new Set<string>();
  readonly have = (id: string): void => void this.had.add(id);
  readonly need = (id: string): void => void this.needed.add(id);
}

function vectorOf(keys: readonly ItemKey[], leftOut: readonly ItemKey[]): Vector {
  const absent = new Set(leftOut.map(({ id }) => bytesToKey(id)));
  const vector = new nip77.NegentropyStorageVector();
  for (const { hint, id } of keys) {
    if (!absent.has(bytesToKey(id))) vector.insert(Number(hint), bytesToHex(id));
  }
  vector.seal();
  return vector;
}

/** Its messages are hex; on the wire they would be bytes. It is over when a side has no answer. */
function sessionOf(
  role: Role,
  open: () => string | null,
  answer: (message: string) => string | null,
): Session {
  const step = (message: string | null): Step => ({
    frames: message === null ? [] : [hexToBytes(message)],
    missing: [],
    done: true,
  });
  return {
    role,
    equal: false,
    start: () => step(open()),
    receive: (frame) => step(answer(bytesToHex(frame))),
  };
}
