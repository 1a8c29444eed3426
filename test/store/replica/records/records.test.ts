import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Database, StoreError } from '../../../../src/store/index.ts';
import {
  isReadFailure,
  isUnreadable,
  tryHasMany,
  tryRead,
  tryReadMany,
  UNREADABLE,
} from '../../../../src/store/level/index.ts';
import {
  decodeHead,
  decodeItemKey,
  encodeHead,
  encodeSchema,
  readSchema,
  SCHEMA_KEY,
  setKeys,
} from '../../../../src/store/replica/records/index.ts';
import { opener } from '../../../../src/store/replica/recovery/testing.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { KEYS } from '../in-memory.ts';
import { coded } from '../support.ts';

const text = new TextEncoder();
const ID = new Uint8Array(32).fill(7);

async function holding(records: Record<string, Uint8Array>): Promise<Database> {
  const database = memoryDatabase();
  await database.open();
  for (const [key, value] of Object.entries(records)) await database.put(text.encode(key), value);
  return database;
}

describe('keys of a set', () => {
  it('lie in the ranges of their kinds, and in no other', () => {
    const keys = {
      ids: KEYS.id(ID),
      logs: KEYS.log(2 ** 40),
      items: KEYS.item({ hint: 2n ** 64n - 2n, id: ID }),
      quarantined: KEYS.quarantine(ID),
      nodes: KEYS.tree.node(5),
      summaries: KEYS.tree.summary(5),
    } as const;
    for (const kind of Object.keys(keys) as (keyof typeof keys)[]) {
      for (const [other, key] of Object.entries(keys)) {
        const { gte, lt } = KEYS[kind];
        const within = Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0;
        assert.equal(within, kind === other, `${other} in ${kind}`);
      }
    }
  });

  it('can be encoded into the buffer of an earlier key of the same kind', () => {
    const into = KEYS.item({ hint: 1n, id: new Uint8Array(32).fill(1) });
    const key = { hint: 2n ** 63n, id: ID };
    assert.equal(KEYS.item(key, into), into);
    assert.deepEqual(new Uint8Array(into), new Uint8Array(KEYS.item(key)));
    const id = KEYS.id(new Uint8Array(32));
    assert.equal(KEYS.id(ID, id), id);
    assert.deepEqual(new Uint8Array(id), new Uint8Array(KEYS.id(ID)));
  });

  it('decode to the item key if they are keys of items, and not otherwise', () => {
    for (const hint of [0n, 2n ** 64n - 2n]) {
      assert.deepEqual(decodeItemKey(KEYS, KEYS.item({ hint, id: ID })), { hint, id: ID });
    }
    const infinite = KEYS.item({ hint: 2n ** 64n - 1n, id: ID });
    assert.equal(decodeItemKey(KEYS, infinite), null);
    const key = KEYS.item({ hint: 1n, id: ID });
    assert.equal(decodeItemKey(KEYS, key.subarray(0, -1)), null);
    assert.equal(decodeItemKey(KEYS, Uint8Array.from([...key, 0])), null);
  });

  it('refuse names that the first schema used', () => {
    for (const name of ['meta', 'id', 'item'])
      assert.throws(() => setKeys(name), { code: 'INVALID_NAME' });
    for (const name of ['metas', 'ids', 'items']) assert.equal(setKeys(name).name, name);
  });
});

describe('id record', () => {
  it('holds a length of more than 32 bits, and is refused with any other length', () => {
    for (const bytes of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3]) {
      assert.deepEqual(decodeHead(encodeHead({ hint: 9n, bytes })), { hint: 9n, bytes });
    }
    const into = new Uint8Array(24).fill(255);
    assert.equal(encodeHead({ hint: 9n, bytes: 3 }, into), into);
    assert.deepEqual(decodeHead(into), { hint: 9n, bytes: 3 });
    assert.deepEqual(decodeHead(into.slice(0, 16)), { hint: 9n, bytes: 3 }, 'of schema 2');
    for (const length of [15, 17, 23, 25]) {
      assert.throws(() => decodeHead(new Uint8Array(length)), coded('STORE_CORRUPT'));
    }
  });
});

describe('the schema of a database', () => {
  it('is read where it is a known one', async () => {
    for (const version of [1, 2, 3, 4]) {
      const database = await holding({ 'meta/schema': encodeSchema(version) });
      assert.deepEqual(await readSchema(database), { version, lost: false });
    }
    for (const version of [0, 5]) {
      const database = await holding({ 'meta/schema': encodeSchema(version) });
      await assert.rejects(readSchema(database), coded('UNSUPPORTED_SCHEMA'));
    }
    for (const length of [3, 5]) {
      const database = await holding({ 'meta/schema': new Uint8Array(length).fill(1) });
      await assert.rejects(readSchema(database), coded('STORE_CORRUPT'));
    }
  });

  it('follows from the first key where its record is gone', async () => {
    const one = new Uint8Array(1);
    for (const [key, version] of [
      ['item/x', 1],
      ['id/x', 1],
      ['meta/totals', 1],
      ...[...'acfilmnpqrsu'].map((letter) => [`set/${letter}`, 4] as const),
      ['0.a-b_c/p', 4],
      [`${'a'.repeat(64)}/c`, 4],
    ] as const) {
      const database = await holding({ [key]: one });
      assert.deepEqual(await readSchema(database), { version, lost: true }, key);
    }
    for (const key of [
      'other',
      'set/b',
      '-set/c',
      'Set/c',
      `${'a'.repeat(65)}/c`,
      'meta/totals2',
      'Xitem/',
    ]) {
      const database = await holding({ [key]: one });
      await assert.rejects(readSchema(database), coded('UNSUPPORTED_SCHEMA'), key);
      assert.equal(await database.get(SCHEMA_KEY), undefined, 'nothing is written');
    }
  });

  it('is written into an empty database, without a report of loss', async () => {
    const database = await holding({});
    assert.deepEqual(await readSchema(database), { version: 4, lost: false });
    assert.deepEqual(new Uint8Array((await database.get(SCHEMA_KEY))!), encodeSchema(4));
    assert.deepEqual(await readSchema(database), { version: 4, lost: false });
  });
});

describe('the opener of the database', () => {
  it('is the given function, or opens the given database', async () => {
    const database = memoryDatabase();
    const open = async () => database;
    assert.equal(opener({ open, database }), open);
    await database.close();
    assert.equal(await opener({ database })(), database);
    assert.equal(database.status, 'open');
    assert.throws(() => opener({}), { code: 'INVALID_INIT' });
  });
});

const CORRUPTION = Object.assign(new Error('checksum'), { code: 'LEVEL_CORRUPTION' });

describe('a record that LevelDB cannot read', () => {
  it('fails the read, as an I/O error does, by itself or as the cause of another error', () => {
    const coded = (code: string) => Object.assign(new Error(code), { code });
    for (const code of ['LEVEL_CORRUPTION', 'LEVEL_IO_ERROR']) {
      assert.equal(isReadFailure(coded(code)), true);
      assert.equal(isReadFailure(Object.assign(coded('X'), { cause: coded(code) })), true);
    }
    for (const error of [coded('LEVEL_LOCKED'), new Error('x'), undefined]) {
      assert.equal(isReadFailure(error), false);
    }
  });

  it('is known by its error', () => {
    const unreadable = [
      CORRUPTION,
      new StoreError('STORE_CORRUPT', 'x', { cause: CORRUPTION }),
      new Error('IO error: /db/000005.ldb: Invalid argument'),
    ];
    for (const error of unreadable)
      assert.deepEqual([isUnreadable(error), isReadFailure(error)], [true, true], String(error));
    const others = [
      undefined,
      new Error('IO error: /db/000005.ldb: No such file'),
      new Error('IO error: /db/000005.ldb: Invalid argument, or so'),
      new Error('Invalid argument'),
      new StoreError('STORE_CORRUPT', 'x'),
      new StoreError('STORE_CORRUPT', 'x', { cause: new Error('x') }),
      new StoreError('STORE_CLOSED', 'x', { cause: CORRUPTION }),
    ];
    for (const error of others) assert.equal(isUnreadable(error), false, String(error));
  });

  /** A database that fails with an error under the key `b`, and wherever that is among others. */
  async function failing(error: Error): Promise<Database> {
    const database = await holding({ a: text.encode('1'), b: text.encode('2') });
    const getSync = database.getSync.bind(database);
    database.getSync = ((key: Uint8Array, options: object) => {
      if (key[0] === 98) throw error;
      return getSync(key, options as never);
    }) as never;
    database.getMany = () => Promise.reject(error);
    database.hasMany = () => Promise.reject(error);
    return database;
  }

  it('differs from its neighbours and from absent records', async () => {
    const keys = ['a', 'b', 'c'].map((key) => text.encode(key));
    const database = await failing(CORRUPTION);
    const all = [text.encode('1'), UNREADABLE, undefined];
    assert.deepEqual(
      keys.map((key) => tryRead(database, key)),
      all,
    );
    assert.deepEqual(await tryReadMany(database, keys), all);
    assert.deepEqual(await tryHasMany(database, keys), [true, true, false]);
    const sound = await holding({ a: text.encode('1') });
    assert.deepEqual(await tryReadMany(sound, keys), [all[0], undefined, undefined]);
    assert.deepEqual(await tryHasMany(sound, keys), [true, false, false]);
  });

  it('differs from a record that the disk cannot read', async () => {
    const keys = [text.encode('b')];
    const database = await failing(new Error('IO error: it burns'));
    assert.throws(() => tryRead(database, keys[0]!), /it burns/);
    await assert.rejects(tryReadMany(database, keys), /it burns/);
    await assert.rejects(tryHasMany(database, keys), /it burns/);
  });

  it('is looked up as of a snapshot', async () => {
    const keys = ['a', 'b'].map((key) => text.encode(key));
    const database = await holding({ a: text.encode('1') });
    const snapshot = database.snapshot();
    await database.put(keys[1]!, text.encode('2'));
    assert.equal(tryRead(database, keys[1]!, snapshot), undefined);
    assert.deepEqual(await tryReadMany(database, keys, snapshot), [text.encode('1'), undefined]);
    assert.deepEqual(await tryHasMany(database, keys, snapshot), [true, false]);
    assert.deepEqual(await tryHasMany(database, keys), [true, true]);
    await snapshot.close();
  });
});
