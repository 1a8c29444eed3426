import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, lthash } from '../../../../src/store/index.ts';
import {
  encodeHead,
  encodeQuarantined,
  encodeSchema,
} from '../../../../src/store/replica/records/index.ts';
import { flip, flipItem, hide, KEYS } from '../in-memory.ts';
import { coded, item } from '../support.ts';
import {
  type Change,
  COUNT,
  changeState,
  database,
  key,
  nth,
  SCHEMA_KEY,
  verify,
} from './support.ts';

describe('a verification', () => {
  it('finds no problem in a sound set, and counts its records', async (t) => {
    const one = encodeQuarantined({ at: 1, hint: 1n, payload: null, seq: 0 });
    const found = await verify(
      await database(t, async (of) => {
        await of.put(KEYS.quarantine(key(900).id), one);
        await of.put(KEYS.quarantine(key(901).id), one);
      }),
    );
    const sound = { ok: true, items: COUNT, bytes: 20 * COUNT, pending: 0, quarantined: 2 };
    assert.deepEqual(found, { ...sound, problemCount: 0, problems: [] });
    const empty = await verify(await database(t, undefined, []));
    assert.deepEqual([empty.ok, empty.items, empty.bytes, empty.quarantined], [true, 0, 0, 0]);
  });

  /** What was changed, what is found about which record, and with which words. */
  const problems: [string, Change, [string, Uint8Array | null, RegExp][]][] = [
    [
      'a damaged item',
      (of) => flipItem(of, item(7)),
      [['ITEM_DAMAGED', KEYS.item(key(7)), /does not hash to the id/]],
    ],
    [
      'a missing item',
      (of) => of.del(KEYS.item(key(7))),
      [
        ['ITEM_MISSING', KEYS.item(key(7)), /payload is missing/],
        ['ID_RECORD', KEYS.id(key(7).id), /no such item/],
        ['TOTALS', KEYS.state, /60 items of 1200 bytes, there are 59 items of 1180 bytes/],
      ],
    ],
    [
      'the first and the last item missing',
      async (of) => {
        for (const number of [0, COUNT - 1]) {
          await of.del(KEYS.item(key(number)));
          await of.del(KEYS.id(key(number).id));
        }
      },
      [
        ['ITEM_MISSING', KEYS.item(key(0)), /missing/],
        ['ITEM_MISSING', KEYS.item(key(COUNT - 1)), /missing/],
        ['TOTALS', KEYS.state, /there are 58 items/],
      ],
    ],
    [
      'items that the index does not hold, before the first and behind the last',
      async (of) => {
        const stray = { hint: 0n, id: new Uint8Array(32) };
        await of.put(KEYS.item(key(70)), item(70).payload);
        await of.put(KEYS.id(key(70).id), encodeHead({ hint: 70n, bytes: 20 }));
        await of.put(KEYS.item(stray), new Uint8Array(0));
        await of.put(KEYS.id(stray.id), encodeHead({ hint: 0n, bytes: 0 }));
      },
      [
        ['ITEM_DAMAGED', KEYS.item({ hint: 0n, id: new Uint8Array(32) }), /hash/],
        ['NOT_INDEXED', KEYS.item({ hint: 0n, id: new Uint8Array(32) }), /does not hold this/],
        ['NOT_INDEXED', KEYS.item(key(70)), /does not hold this/],
        ['ARRIVALS', null, /2 items have no place/],
        ['TOTALS', KEYS.state, /there are 62 items of 1220 bytes/],
      ],
    ],
    [
      'a missing id record',
      (of) => of.del(KEYS.id(key(7).id)),
      [['ID_RECORD', KEYS.id(key(7).id), /is missing/]],
    ],
    [
      'an id record that says something else',
      (of) => flip(of, KEYS.id(key(7).id), 15),
      [['ID_RECORD', KEYS.id(key(7).id), /says something else/]],
    ],
    [
      'one stray id record',
      (of) => of.put(KEYS.id(key(70).id), encodeHead({ hint: 70n, bytes: 20 })),
      [['ID_RECORD', KEYS.id(key(70).id), /no such item/]],
    ],
    [
      'a stray record among the items',
      (of) => of.put(new TextEncoder().encode('set/p-stray'), new Uint8Array(1)),
      [['STRAY_RECORD', new TextEncoder().encode('set/p-stray'), /no key of an item/]],
    ],
    [
      'a damaged record of arrivals',
      async (of) => flip(of, (await of.keys({ ...KEYS.orders, limit: 1 }).all())[0]!),
      [['ARRIVALS', null, /from place 1 on does not match its checksum/]],
    ],
    [
      'a missing record of arrivals',
      (of) => of.clear(KEYS.orders),
      [['ARRIVALS', null, /ends with the place 0, not 60/]],
    ],
    [
      'an id record that names another place',
      (of) => of.put(KEYS.id(key(7).id), encodeHead({ hint: 7n, bytes: 20, seq: 3 })),
      [['ARRIVALS', KEYS.id(key(7).id), /names the place 3, not 8/]],
    ],
    [
      'an unfinished order of arrival',
      (of) => changeState(of, () => ({ epoch: 0n })),
      [['ARRIVALS', KEYS.state, /is unfinished/]],
    ],
    [
      'a last place that is not in the state',
      (of) => changeState(of, ({ arrivals }) => ({ arrivals: arrivals + 1 })),
      [['ARRIVALS', null, /ends with the place 60, not 61/]],
    ],
    [
      'a wrong number of items in the state',
      (of) => changeState(of, ({ items }) => ({ items: items + 1 })),
      [['TOTALS', KEYS.state, /61 items of 1200 bytes, there are 60 items of 1200/]],
    ],
    [
      'a wrong number of bytes in the state',
      (of) => changeState(of, ({ bytes }) => ({ bytes: bytes - 1 })),
      [['TOTALS', KEYS.state, /1199 bytes/]],
    ],
    [
      'an unfinished index',
      (of) => changeState(of, () => ({ rebuilding: true })),
      [['STATE', KEYS.state, /unfinished/]],
    ],
    [
      'a schema record of a wrong length',
      (of) => of.put(SCHEMA_KEY, new Uint8Array(5)),
      [['SCHEMA', SCHEMA_KEY, /not of schema 4/]],
    ],
    ['no schema record', (of) => of.del(SCHEMA_KEY), [['SCHEMA', SCHEMA_KEY, /not of schema 4/]]],
  ];
  for (const [name, change, expected] of problems) {
    it(`finds ${name}, and no other problem`, async (t) => {
      const found = await verify(await database(t, change));
      assert.deepEqual(
        found.problems.map(({ code, key: at }) => [code, at]),
        expected.map(([code, at]) => [code, at === null ? '' : bytesToHex(new Uint8Array(at))]),
      );
      for (const [i, [, , words]] of expected.entries()) {
        assert.match(found.problems[i]!.message, words);
      }
      assert.deepEqual([found.ok, found.problemCount], [false, expected.length]);
    });
  }

  it('finds damage of the index and of the log, and goes on with the items', async (t) => {
    for (const [code, change] of [
      ['INDEX', async (of) => of.del(await nth(of, KEYS.nodes, 2))],
      ['INDEX', async (of) => flip(of, await nth(of, KEYS.summaries, 2))],
      ['INDEX', (of) => of.del(KEYS.tree.meta)],
      ['INDEX', (of) => flip(of, KEYS.tree.meta)],
      ['STATE', (of) => flip(of, KEYS.state)],
      ['LOG', async (of) => of.del(await nth(of, KEYS.logs, -1))],
      ['LOG', async (of) => flip(of, await nth(of, KEYS.logs, -1))],
    ] as [string, Change][]) {
      const found = await verify(await database(t, change));
      assert.ok(
        found.problems.some((one) => (one.code === code && one.key === '') || code === 'STATE'),
        `${code}: ${JSON.stringify(found.problems)}`,
      );
      assert.equal(found.items, COUNT, 'the items are read all the same');
    }
  });

  it('finds records that LevelDB cannot read, although its iterators skip them', async (t) => {
    const of = await database(t);
    const lost = [SCHEMA_KEY, KEYS.id(key(7).id), KEYS.item(key(8))];
    hide(of, [KEYS.item(key(8)), KEYS.item(key(9))], lost);
    const { problems: found, items, bytes } = await verify(of);
    assert.deepEqual(
      found.map(({ code, message }) => `${code}: ${message}`),
      [
        'SCHEMA: the schema record cannot be read',
        'ITEM_DAMAGED: the payload cannot be read',
        'ID_RECORD: the id record cannot be read',
        'TOTALS: the state says 60 items of 1200 bytes, there are 59 items of 1180 bytes',
      ],
    );
    assert.deepEqual([items, bytes], [59, 1_180], 'what only its key leads to is there');
  });

  it('checks records that only their key leads to as all others', async (t) => {
    const of = await database(t, async (it) => {
      await flipItem(it, item(7));
      await it.del(KEYS.id(key(8).id));
    });
    hide(
      of,
      [7, 8].map((number) => KEYS.item(key(number))),
    );
    const { problems: found } = await verify(of);
    assert.deepEqual(
      found.map(({ code }) => code),
      ['ITEM_DAMAGED', 'ID_RECORD'],
    );
  });

  it('refuses a tree of another scheme as damaged', async (t) => {
    const found = await verify(await database(t), { scheme: lthash });
    assert.match(found.problems[0]!.message, /keeps .*, not /);
  });

  it('makes no comparison with an index that it cannot open', async (t) => {
    const found = await verify(await database(t, (of) => flip(of, KEYS.tree.meta)));
    assert.deepEqual(
      found.problems.map(({ code }) => code),
      ['INDEX'],
    );
  });

  it('rejects other schemas with advice, and closes its snapshot', async (t) => {
    for (const [version, words] of [
      [0, /reads schemas up to 4/],
      [1, /start the daemon on it once/],
      [5, /reads schemas up to 4/],
    ] as const) {
      const of = await database(t, (it) => it.put(SCHEMA_KEY, encodeSchema(version)));
      const take = of.snapshot.bind(of);
      let open = 0;
      of.snapshot = () => {
        const snapshot = take();
        const close = snapshot.close.bind(snapshot);
        open++;
        snapshot.close = async () => {
          open--;
          await close();
        };
        return snapshot;
      };
      await assert.rejects(verify(of), coded('UNSUPPORTED_SCHEMA'));
      await assert.rejects(verify(of), words);
      assert.equal(open, 0);
    }
  });

  it('throws errors that are no damage', async (t) => {
    const of = await database(t);
    const getSync = of.getSync.bind(of);
    of.getSync = ((at: Uint8Array, options: object) => {
      if (at.at(-1) === 'c'.charCodeAt(0)) throw new Error('IO error: it burns');
      return getSync(at, options as never);
    }) as never;
    await assert.rejects(verify(of), { code: 'STORE_UNAVAILABLE', message: /IO error: it burns/ });
  });
});
