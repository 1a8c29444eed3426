import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, compareBytes } from '../../../../src/store/index.ts';
import { seal } from '../../../../src/store/level/index.ts';
import {
  decodeMeta,
  encodeMeta,
  type TreeMeta,
  treeKeys,
} from '../../../../src/store/tree/level/index.ts';

const META: TreeMeta = { scheme: 'wide-sum', root: 41, level: 2, count: 1000, nextRef: 42 };
const EMPTY: TreeMeta = { scheme: 'x', root: 0, level: 0, count: 0, nextRef: 1 };

describe('the meta of a tree', () => {
  it('is read as it was written, with its root the last number given or long before it', () => {
    const last = { ...META, count: Number.MAX_SAFE_INTEGER, nextRef: Number.MAX_SAFE_INTEGER };
    for (const meta of [META, EMPTY, last, { ...META, scheme: '' }]) {
      assert.deepEqual(decodeMeta(encodeMeta(meta)), meta);
    }
  });

  it('is refused with numbers that contradict each other', () => {
    const wrong: Partial<TreeMeta>[] = [
      { nextRef: 41 },
      { root: 0 },
      { count: 0 },
      { count: 2 ** 53 },
      { nextRef: 2 ** 53 },
      { root: 2 ** 53, nextRef: 2 ** 53 },
    ];
    for (const fields of wrong) {
      assert.throws(() => decodeMeta(encodeMeta({ ...META, ...fields })), {
        name: 'RecordError',
        message: /contradict each other/,
      });
    }
    assert.throws(() => decodeMeta(encodeMeta({ ...EMPTY, nextRef: 0 })), /contradict/);
  });

  it('is refused when it is cut within its numbers', () => {
    const bare = encodeMeta({ ...META, scheme: '' });
    assert.throws(() => decodeMeta(seal(bare.slice(0, -1))), /is cut short/);
  });
});

describe('the keys of a tree', () => {
  it('are the name, a letter and a big-endian number, so that numbers are in order', () => {
    const keys = treeKeys('a');
    assert.equal(bytesToHex(keys.meta), '612f6d');
    assert.equal(bytesToHex(keys.node(258)), '612f6e0000000000000102');
    assert.equal(bytesToHex(keys.summary(1)), '612f730000000000000001');
    assert.equal(bytesToHex(keys.id(new Uint8Array(32).fill(7))), `612f69${'07'.repeat(32)}`);
    assert.ok(compareBytes(keys.node(255), keys.node(256)) < 0);
  });

  it('all lie in the range of their tree, and none in that of a tree whose name goes on', () => {
    const inside = (name: string, key: Uint8Array): boolean => {
      const { gte, lt } = treeKeys(name).range;
      return compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0;
    };
    const longer = ['a.b', 'a-b', 'a0', 'aa', 'a_'];
    for (const name of ['a', ...longer]) {
      const keys = treeKeys(name);
      const all = [keys.meta, keys.node(0), keys.summary(2 ** 40), keys.id(new Uint8Array(32))];
      for (const key of all) {
        assert.ok(inside(name, key), `${name} holds its own`);
        for (const other of ['a', ...longer]) {
          if (other !== name) assert.ok(!inside(other, key), `${other} holds none of ${name}`);
        }
      }
    }
  });

  it('begin with a name of 1 to 64 characters, a letter or digit first', () => {
    for (const name of ['a', '0', 'x'.repeat(64), 'a.b-c_d']) treeKeys(name);
    for (const name of ['', '.a', '_a', '-', 'x'.repeat(65), 'é', 'a b', 'a\n']) {
      assert.throws(() => treeKeys(name), { code: 'INVALID_NAME' }, JSON.stringify(name));
    }
  });
});
