import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { hexToBytes } from '../../src/store/index.ts';
import { type Ran, run } from '../daemon/cli/terminal.ts';
import { hide } from './support/hide.ts';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

const ITEMS = 100_000;
const BATCH = 10_000;
const HIDDEN = 54_321;
const LIMIT_MS = 15_000;
/** The exit code of `synced` and `diff` where sets differ. */
const DIFFERENT = 3;
/** Longer than the test: no session runs by itself once both sets are equal. */
const IDLE = {
  'sync.intervalMs': '300000',
  'sync.intervalMinMs': '300000',
  'sync.intervalMaxMs': '300000',
};
const ALERTS = new URL('../../docs/operations/alerts.yaml', import.meta.url);

/** The command line of an operator on one node. */
type Operator = (...argv: string[]) => Promise<Ran>;

/** Two connected daemons with the same items, and the id of one item. */
async function equalPair(context: TestContext) {
  const daemons = await LocalDaemons.create(context);
  const [a, b] = [await daemons.start('a', IDLE), await daemons.start('b', IDLE)];
  const id = await fill(a);
  assert.equal(await fill(b), id);
  await a.client.addPeer(b.address);
  const at = ({ name }: LocalDaemon): Operator => {
    return (...argv) => run([...argv, '--json', '--data-dir', daemons.path(name)]);
  };
  return { a, b, atA: at(a), atB: at(b), id };
}

/** Puts the items into the replica itself: over HTTP they would take most of the time of the test. */
async function fill({ daemon }: LocalDaemon): Promise<string> {
  const encoder = new TextEncoder();
  let hidden = '';
  for (let from = 0; from < ITEMS; from += BATCH) {
    const items = Array.from({ length: BATCH }, (_, i) => ({
      hint: BigInt(from + i),
      payload: encoder.encode(`item ${from + i}`),
    }));
    const stored = await daemon.replica.put(items);
    const found = stored[HIDDEN - from];
    if (found !== undefined) hidden = Buffer.from(found.id).toString('hex');
  }
  return hidden;
}

/** Asks `rangemesh synced` until the exit code is this one. */
function synced(ask: Operator, exitCode: number, limitMs?: number): Promise<Ran> {
  return until(
    () => ask('synced'),
    (answer) => answer.exitCode === exitCode,
    limitMs,
  );
}

/** The states that are 1 at `GET /metrics`. */
async function statesOf({ daemon }: LocalDaemon): Promise<string[]> {
  const text = await (await fetch(`${daemon.admin}/metrics`)).text();
  const found = text.matchAll(/^rangemesh_sync_state\{state="([^"]+)"\} 1$/gm);
  return [...found].map(([, state]) => state!);
}

/** The states of which the alert for nodes that are not in sync tells. */
async function alertedStates(): Promise<string[]> {
  const { groups } = parse(await readFile(ALERTS, 'utf8'));
  const rule = groups[0].rules.find(
    ({ alert }: { alert: string }) => alert === 'RangemeshNotInSync',
  );
  return /rangemesh_sync_state\{state=~"([^"]+)"\}\) == 1/.exec(rule.expr)![1]!.split('|');
}

describe('one of 100,000 items that the index of one of two idle nodes has lost', () => {
  it('is a no of both within 15 seconds, is named and explained, and is seen by the alert', async (t) => {
    const { a, b, atA, atB, id } = await equalPair(t);
    for (const ask of [atA, atB]) await synced(ask, 0);
    hide(b.daemon.replica, hexToBytes(id), { record: false });
    const [noA, noB] = await Promise.all([atA, atB].map((ask) => synced(ask, DIFFERENT, LIMIT_MS)));
    const [ofA, ofB] = [noA!.json()[0], noB!.json()[0]];
    assert.deepEqual([ofA.state, ofB.state], ['different', 'different']);
    assert.match(ofA.reason, new RegExp(`${b.daemon.peerId} goes on lacking 1 item of this node`));
    assert.match(ofB.reason, /^1 item of .* held here and missing in the index/);

    const key = { id, hint: `${HIDDEN}` };
    const [diffA, diffB] = [await atA('diff', b.daemon.peerId), await atB('diff', a.daemon.peerId)];
    assert.deepEqual([diffA.exitCode, diffB.exitCode], [DIFFERENT, DIFFERENT]);
    const { onlyHere, onlyThere, unlisted } = diffA.json()[0];
    assert.deepEqual([onlyHere, onlyThere, unlisted], [[key], [], []]);
    const there = diffB.json()[0];
    assert.deepEqual([there.onlyHere, there.onlyThere, there.unlisted], [[], [], [key]]);

    const [whyA, whyB] = [(await atA('why', id)).json()[0], (await atB('why', id)).json()[0]];
    assert.deepEqual([whyA.state, whyA.indexed], ['have', true]);
    assert.deepEqual(
      whyA.lackedBy.map((gap: { peerId: string }) => gap.peerId),
      [b.daemon.peerId],
    );
    assert.deepEqual([whyB.state, whyB.indexed, whyB.lackedBy], ['have', false, []]);

    for (const node of [a, b]) {
      const states = await statesOf(node);
      assert.deepEqual(states, ['different']);
      assert.ok((await alertedStates()).includes(states[0]!));
    }
  });
});
