import assert from 'node:assert/strict';
import { nip77 } from 'nostr-tools';
import { negentropy } from '../../../../../src/protocol/index.ts';
import { negentropyDialect } from '../../../../../src/protocol/reconcile/dialects/negentropy/index.ts';
import { bytesToHex, hexToBytes, type ItemKey } from '../../../../../src/store/index.ts';
import { generator, idOf } from '../../../../conformance/pairs.ts';
import { wholeAnswer } from '../../../../support/whole-answer.ts';
import { flat } from './storages.ts';

/** Ids in hex that one side alone holds. */
interface Found {
  readonly ours: string[];
  readonly theirs: string[];
}

const LIMITS = [0, 4_096, 60_000];
/** Its varints are signed and of 32 bits, so that hints must end below 2^31. */
const FIRST_HINT = 1_600_000_000;
const SPREADS = [1, 100, 100_000, 500_000_000];
const MAX_MESSAGES = 20_000;

/**
 * A session with the Negentropy of nostr-tools over a pair of random sets, in either role. Its
 * responder answers no lists: what it takes from them, it reports itself.
 */
export function checkRandomPair(seed: number): void {
  const { sides, expected } = randomPair(seed);
  for (const session of [asInitiator, asResponder]) {
    const found = session(sides);
    const sets = {
      ours: [...new Set(found.ours)].sort(),
      theirs: [...new Set(found.theirs)].sort(),
    };
    assert.deepEqual(sets, expected, `${session.name}, seed ${seed}`);
  }
}

/** Two initiators over one set, ours and theirs, hear the same answers and must say the same. */
export function checkSameFrames(seed: number): void {
  const { sides } = randomPair(seed);
  const limit = 4_096;
  const { peer } = open({ ...sides, theirs: sides.ours, theirLimit: limit }, 'initiator');
  const ours = negentropyDialect('reference').session({
    role: 'initiator',
    snapshot: flat(sides.ours),
    limits: { maxMessageBytes: limit },
  });
  const responder = negentropy.session({
    role: 'responder',
    snapshot: flat(sides.theirs),
    limits: { maxMessageBytes: sides.theirLimit },
  });
  responder.start();
  let step = ours.start();
  assert.equal(hexWithin(step.frames[0]!, limit), peer.initiate());
  while (!step.done) {
    const [answer] = wholeAnswer(responder, step.frames[0]!).frames;
    step = wholeAnswer(ours, answer!);
    const theirs = peer.reconcile(hexWithin(answer!, 0));
    assert.equal(step.done ? null : hexWithin(step.frames[0]!, limit), theirs, `seed ${seed}`);
  }
}

function randomPair(seed: number): { sides: Sides; expected: Found } {
  const draw = generator(seed);
  const pick = <T>(values: readonly T[]): T => values[draw() % values.length]!;
  const size = () => Math.floor(5_000 * (draw() / 2 ** 32) ** pick([1, 3, 10]));
  const spread = pick(SPREADS);
  const make = (count: number): ItemKey[] =>
    Array.from({ length: count }, () => ({
      hint: BigInt(FIRST_HINT + (draw() % spread)),
      id: idOf(draw),
    }));
  const common = make(size());
  const [ours, theirs] = [make(size() >> pick([0, 6, 12])), make(size() >> pick([0, 6, 12]))];
  const sides: Sides = {
    ours: [...common, ...ours],
    theirs: [...theirs, ...common],
    ourLimit: pick(LIMITS),
    theirLimit: pick(LIMITS),
  };
  return { sides, expected: { ours: hexOf(ours), theirs: hexOf(theirs) } };
}

interface Sides {
  readonly ours: readonly ItemKey[];
  readonly theirs: readonly ItemKey[];
  readonly ourLimit: number;
  readonly theirLimit: number;
}

function asInitiator(sides: Sides): Found {
  const { session, peer, found } = open(sides, 'initiator');
  let step = session.start();
  for (let messages = 0; !step.done; messages++) {
    assert.ok(messages < MAX_MESSAGES, 'the session ends');
    const [frame] = step.frames;
    const answer = peer.reconcile(
      hexWithin(frame!, sides.ourLimit),
      found.noteTheirs,
      found.noteOurs,
    );
    step = wholeAnswer(session, hexToBytes(answer ?? '61'));
    found.ours.push(...(step.have ?? []).map(bytesToHex));
    found.theirs.push(...step.missing.map(bytesToHex));
  }
  return found;
}

function asResponder(sides: Sides): Found {
  const { session, peer, found } = open(sides, 'responder');
  session.start();
  let message: string | null = peer.initiate();
  for (let messages = 0; message !== null; messages++) {
    assert.ok(messages < MAX_MESSAGES, 'the session ends');
    const [frame] = wholeAnswer(session, hexToBytes(message)).frames;
    message = peer.reconcile(hexWithin(frame!, sides.ourLimit), found.noteTheirs, found.noteOurs);
  }
  return found;
}

function open({ ours, theirs, ourLimit, theirLimit }: Sides, role: 'initiator' | 'responder') {
  const limits = { maxMessageBytes: ourLimit };
  const session = negentropy.session({ role, snapshot: flat(ours), limits });
  const vector = new nip77.NegentropyStorageVector();
  for (const { hint, id } of theirs) vector.insert(Number(hint), bytesToHex(id));
  vector.seal();
  const peer = new nip77.Negentropy(
    vector,
    theirLimit === 0 ? Number.MAX_SAFE_INTEGER : theirLimit,
  );
  const found = {
    ours: [] as string[],
    theirs: [] as string[],
    noteOurs: (id: string) => void found.ours.push(id),
    noteTheirs: (id: string) => void found.theirs.push(id),
  };
  return { session, peer, found };
}

function hexWithin(frame: Uint8Array, limit: number): string {
  assert.ok(limit === 0 || frame.length <= limit, `${frame.length} bytes under ${limit}`);
  return Buffer.from(frame).toString('hex');
}

function hexOf(keys: readonly ItemKey[]): string[] {
  return keys.map(({ id }) => bytesToHex(id)).sort();
}
