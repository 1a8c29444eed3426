import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { negentropy, type Session, type SessionLimits } from '../../../../../src/protocol/index.ts';
import { bytesToHex, hexToBytes, type Snapshot } from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { wholeAnswer } from '../../../../support/whole-answer.ts';
import { flat } from './storages.ts';

const hundred = flat(keysOf(1, 100));

function open(
  role: Session['role'],
  snapshot: Snapshot = hundred,
  limits: Partial<SessionLimits> = {},
): Session {
  const session = negentropy.session({ role, snapshot, limits });
  session.start();
  return session;
}

const WRONG: Record<string, string[]> = {
  'no version': ['', '00', '5f', '70', 'ff', '7f0000'],
  'a prefix of more than 32 bytes': [`610121${'00'.repeat(33)}00`, '6101ffffffff7f00'],
  'a count beyond the bytes': [
    '61000002ffffffff7f',
    '6100000201',
    `61000002${'02'}${'00'.repeat(33)}`,
  ],
  'endless varints': [
    `61${'ff'.repeat(5_000)}`,
    `6100${'80'.repeat(5_000)}`,
    `610000${'ff'.repeat(90)}`,
  ],
  'a varint with a leading zero': ['61800000', '6100800000'],
  'a hint past infinity': ['6105000081ffffffffffffffff7f0000', `6100000001${'00'.repeat(2)}`],
  'a prefix at infinity': ['61000101', '6100200000'],
  'decreasing bounds': [
    '6105010500010100' + '00',
    `610501ff00${'0101'}fe00`,
    '610502ff0100' + '0101ff00' + '0100' + '00',
  ],
  'an unknown mode': ['61000003', '6100008100'],
  'a short fingerprint': ['61000001', `61000001${'00'.repeat(15)}`],
};

describe('a hostile negentropy peer', () => {
  for (const [what, frames] of Object.entries(WRONG)) {
    it(`gets an error for ${what}`, () => {
      for (const hex of frames) {
        for (const role of ['initiator', 'responder'] as const) {
          const malformed = { name: 'ProtocolError', code: 'MALFORMED_FRAME' };
          assert.throws(() => open(role).receive(hexToBytes(hex)), malformed, `${role} ${hex}`);
        }
      }
    });
  }

  it('is told our version by a responder, and refused by an initiator, if it speaks another', () => {
    for (const first of ['60', '62', '6f']) {
      const responder = open('responder');
      const { frames, done } = responder.receive(hexToBytes(`${first}ff00ff`));
      assert.deepEqual([frames.map(bytesToHex), done], [['61'], false]);
      assert.equal(responder.receive(hexToBytes('6100000200')).done, true, 'and may begin again');
      const refused = { name: 'ProtocolError', code: 'UNSUPPORTED_PROTOCOL' };
      assert.throws(() => open('initiator').receive(hexToBytes(`${first}00`)), refused);
    }
  });

  it('may repeat a bound: the range between is empty', () => {
    const twice = `61000001${'00'.repeat(16)}`;
    const { frames } = open('responder').receive(hexToBytes(`${twice}000001${'00'.repeat(16)}`));
    assert.match(bytesToHex(frames[0]!), /000002000*$/);
  });

  it('cannot have an id named twice, in one frame or in several', () => {
    const alien = '07'.repeat(32);
    const lists = `6105000201${alien}05000202${alien}${alien}00000201${alien}`;
    const session = open('initiator', hundred);
    const first = session.receive(hexToBytes(lists));
    assert.deepEqual(first.missing.map(bytesToHex), [alien]);
    assert.equal(new Set(first.have!.map(bytesToHex)).size, 100);
    assert.equal(first.have!.length, 100);
  });

  it('gets no more than its share of work for megabytes of ranges', () => {
    const kinds = ['020000', '02000200', `020001${'00'.repeat(16)}`];
    for (const kind of kinds) {
      const frame = hexToBytes(`61${kind.repeat(300_000)}`);
      for (const role of ['initiator', 'responder'] as const) {
        const { frames } = wholeAnswer(open(role), frame);
        assert.ok(frames[0]!.length <= 256 * 1024);
      }
    }
  });

  it('cannot keep a session from ending', () => {
    const snapshot = flat(keysOf(2, 5_000));
    const session = open('responder', snapshot, { maxRounds: 50 });
    const wrong = hexToBytes(`61000001${'00'.repeat(16)}`);
    const rounds = () => {
      for (let round = 0; round < 51; round++) session.receive(wrong);
    };
    assert.throws(rounds, { name: 'ProtocolError', code: 'BUDGET_SPENT' });
  });
});

describe('the shortest message that asks for everything, against 300,000 items', () => {
  const large = flat(keysOf(3, 300_000));
  const everything = hexToBytes('6100000200');
  const probe = hexToBytes(`61000001${'00'.repeat(16)}`);

  for (const limit of [4_096, 60_000, undefined]) {
    it(`is answered within ${limit ?? 'the default limit'} and a megabyte of memory`, () => {
      const limits = limit === undefined ? {} : { maxMessageBytes: limit };
      for (const frame of [everything, probe]) {
        wholeAnswer(open('responder', large, limits), frame);
        const session = open('responder', large, limits);
        const before = memory();
        const { frames } = wholeAnswer(session, frame);
        assert.ok(memory(false) - before < 1e6, `${memory(false) - before} bytes`);
        assert.equal(frames.length, 1);
        assert.ok(frames[0]!.length <= (limit ?? 256 * 1024));
        if (frame === everything) assert.ok(frames[0]!.length > 0.9 * (limit ?? 256 * 1024) - 400);
      }
    });
  }

  it('is compared by an initiator in portions', () => {
    const session = open('initiator', large);
    const { have, frames, done } = wholeAnswer(session, everything);
    assert.equal(done, false);
    assert.ok(have!.length <= 262_144);
    assert.match(bytesToHex(frames[0]!), /^61.*000001[0-9a-f]{32}$/);
  });
});

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function memory(settle = true): number {
  if (settle) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
