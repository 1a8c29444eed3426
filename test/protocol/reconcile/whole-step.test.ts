import assert from 'node:assert/strict';
import { it } from 'node:test';
import { negentropy, type Step, wholeStep } from '../../../src/protocol/index.ts';
import { FlatVector, type Snapshot } from '../../../src/store/index.ts';

const ITEMS = 20_000;

function setOf(first: number): Snapshot {
  const set = new FlatVector();
  for (let i = first; i < first + ITEMS; i++) {
    const id = new Uint8Array(32).fill(i);
    new DataView(id.buffer).setUint32(0, i);
    set.insert(BigInt(i), id);
  }
  set.seal();
  return set.snapshot();
}

it('wholeStep runs all slices of an answer and joins their findings', () => {
  const limits = { maxMessageBytes: 0, maxInboundBytes: Number.MAX_SAFE_INTEGER };
  const initiator = negentropy.session({ role: 'initiator', snapshot: setOf(0), limits });
  const responder = negentropy.session({ role: 'responder', snapshot: setOf(ITEMS / 2), limits });
  responder.start();
  let step: Step = initiator.start();
  let slices = 0;
  let have = 0;
  let missing = 0;
  while (!step.done) {
    const [answer] = wholeStep(responder, responder.receive(step.frames[0]!)).frames;
    const first = initiator.receive(answer!);
    if (first.pending === 'work') slices++;
    step = wholeStep(initiator, first);
    assert.equal(step.pending, undefined);
    have += step.have!.length;
    missing += step.missing.length;
  }
  assert.ok(slices > 0, 'no answer came in slices');
  assert.deepEqual([have, missing], [ITEMS / 2, ITEMS / 2]);
});
