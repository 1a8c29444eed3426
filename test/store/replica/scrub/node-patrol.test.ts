import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database } from '../../../../src/store/index.ts';
import { NodePatrol } from '../../../../src/store/replica/scrub/testing.ts';
import { decodeSummary } from '../../../../src/store/tree/level/index.ts';
import { encodeSummary } from '../../../../src/store/tree/level/testing.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { flip, KEYS, MemorySet } from '../in-memory.ts';
import { coded } from '../support.ts';

interface Nodes {
  readonly database: Database;
  readonly nodes: Uint8Array[];
  readonly patrol: NodePatrol;
  /** Numbers of the snapshots that were taken and not closed. */
  readonly open: () => number;
}

/** The tree of a set of 100 items, and a patrol at its beginning. */
async function tree(t: TestContext): Promise<Nodes> {
  const { database } = await MemorySet.of(100);
  await database.open();
  cleanUp(t, () => database.close());
  const nodes = await database.keys(KEYS.nodes).all();
  const patrol = new NodePatrol({ keys: KEYS, scheme: wideSum });
  let open = 0;
  const take = database.snapshot.bind(database);
  database.snapshot = (options) => {
    const snapshot = take(options);
    open++;
    const close = snapshot.close.bind(snapshot);
    snapshot.close = async () => {
      open--;
      await close();
    };
    return snapshot;
  };
  return { database, nodes: nodes.map((key) => new Uint8Array(key)), patrol, open: () => open };
}

/** The key of the summary of a node. */
function summaryOf(node: Uint8Array): Uint8Array {
  const key = new Uint8Array(node);
  key[KEYS.nodes.gte.length - 1] = 's'.charCodeAt(0);
  return key;
}

const damages: [string, (database: Database, nodes: Uint8Array[]) => Promise<void>, RegExp][] = [
  ['a node that is damaged', (database, nodes) => flip(database, nodes[2]!), /./],
  ['a leaf that is missing', (database, nodes) => database.del(nodes[0]!), /missing/],
  [
    'a summary of a leaf that is missing',
    (database, nodes) => database.del(summaryOf(nodes[0]!)),
    /missing/,
  ],
  ['a summary that is damaged', (database, nodes) => flip(database, summaryOf(nodes[0]!)), /./],
  [
    'a summary of a leaf that is another one',
    (database, nodes) => swap(database, summaryOf(nodes[0]!), wideSum.stateBytes),
    /does not have the summary/,
  ],
  [
    'a summary of the root that is another one',
    (database, nodes) => swap(database, summaryOf(nodes.at(-1)!), wideSum.stateBytes),
    /does not have the summary/,
  ],
];

async function swap(database: Database, key: Uint8Array, bytes: number): Promise<void> {
  const state = new Uint8Array(decodeSummary(new Uint8Array((await database.get(key))!), bytes));
  state[0]! ^= 1;
  await database.put(key, encodeSummary(state));
}

describe('the patrol of the nodes', () => {
  it('repeats its round of a sound tree, and leaves no snapshot open', async (t) => {
    const { database, nodes, patrol, open } = await tree(t);
    assert.ok(nodes.length > 10, `${nodes.length} nodes`);
    for (let step = 0; step < nodes.length; step++) {
      await patrol.step(database, 4);
      assert.equal(open(), 0, 'a snapshot is closed with its step');
    }
  });

  for (const [name, damage, message] of damages) {
    it(`finds ${name} within one round, also in a second one`, async (t) => {
      const { database, nodes, patrol, open } = await tree(t);
      const round = Math.ceil(nodes.length / 4) + 1;
      for (let step = 0; step < round; step++) await patrol.step(database, 4);
      await damage(database, nodes);
      for (let pass = 0; pass < 2; pass++) {
        let found: unknown = null;
        for (let step = 0; step < round && found === null; step++) {
          await patrol.step(database, 4).catch((error: unknown) => {
            found = error;
          });
        }
        assert.ok(coded('STORE_CORRUPT')(found), `round ${pass} finds the damage, not ${found}`);
        assert.match((found as Error).message, message);
      }
      assert.equal(open(), 0);
    });
  }

  it('checks a fixed number of nodes a step, and continues behind them', async (t) => {
    const { database, nodes, patrol } = await tree(t);
    await flip(database, nodes[7]!);
    await patrol.step(database, 4);
    await assert.rejects(patrol.step(database, 4), coded('STORE_CORRUPT'));
    const other = new NodePatrol({ keys: KEYS, scheme: wideSum });
    await other.step(database, 7);
    await assert.rejects(other.step(database, 1), coded('STORE_CORRUPT'));
  });

  it('starts again after the last node', async (t) => {
    const { database, nodes, patrol } = await tree(t);
    await patrol.step(database, nodes.length);
    await flip(database, nodes[0]!);
    await patrol.step(database, 4);
    await assert.rejects(patrol.step(database, 1), coded('STORE_CORRUPT'));
  });

  it('throws STORE_UNAVAILABLE at I/O errors, which are no damage', async (t) => {
    const { database, patrol, open } = await tree(t);
    database.getSync = () => {
      throw new Error('IO error: it burns');
    };
    await assert.rejects(patrol.step(database, 4), {
      code: 'STORE_UNAVAILABLE',
      message: /IO error: it burns/,
    });
    assert.equal(open(), 0);
  });
});
