import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { openStation, type RunInit, run, type Station } from './terminal.ts';

const id = (number: number): string => number.toString(16).padStart(64, '0');

describe('the verbs of refused items', () => {
  let station: Station;
  const call = (argv: readonly string[], init?: RunInit) => run([...argv, ...station.target], init);
  /** The ids of each call, and the reason. */
  const asked = () => station.control.asked as [verb: string, { ids: string[]; reason?: string }][];

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => {
    station.control.asked.length = 0;
  });

  it('send the ids that are named, with a reason', async () => {
    const refused = await call(['refuse', id(1), id(2).toUpperCase(), '--reason', 'spam']);
    assert.equal(refused.stdout, '2 items refused, 0 of them dropped here\n');
    assert.equal((await call(['unrefuse', id(1)])).stdout, '1 item let in again\n');
    assert.deepEqual(asked(), [
      ['refuse', { ids: [id(1), id(2)], reason: 'spam' }],
      ['unrefuse', { ids: [id(1)] }],
    ]);
  });

  it('say how many items were refused before', async (context) => {
    context.mock.method(station.control, 'refuse', async () => ({ added: 1, dropped: 0 }));
    const { stdout } = await call(['refuse', id(1), id(2)]);
    assert.equal(stdout, '1 item refused, 0 of them dropped here; 1 item refused before\n');
  });

  it('ask for the whole id where a prefix is given', async () => {
    const { exitCode, stderr } = await call(['refuse', id(1).slice(0, 12)]);
    assert.equal(exitCode, 64);
    assert.match(stderr, /give all 64 hexadecimal digits, as "rangemesh ls --wide" shows them/);
  });

  it('send the ids of a file in parts that the daemon takes, and pass over blank lines', async () => {
    const lines = Array.from({ length: 1_601 }, (_, i) => `${id(i)}\r\n\n`);
    const { stdout } = await call(['refuse', '--file', '-'], { stdin: lines });
    assert.match(stdout, /^1,601 items refused/);
    assert.deepEqual(
      asked().map(([, { ids }]) => ids.length),
      [800, 800, 1],
    );
    assert.equal(new Set(asked().flatMap(([, { ids }]) => ids)).size, 1_601);
  });

  it('name the line that is no id', async () => {
    for (const line of ['abc', 'x'.repeat(1_000)]) {
      const stdin = [`${id(1)}\n`, `${line}\n`];
      const { exitCode, stderr } = await call(['unrefuse', '--file', '-'], { stdin });
      assert.deepEqual([exitCode, /line 2 of - is no id/.test(stderr)], [64, true]);
    }
    assert.deepEqual(asked(), []);
  });

  it('list all pages, as text and as JSON', async () => {
    const { stdout } = await call(['refused', 'ls']);
    const time = '2026-01-01T00:00:00.000Z';
    const lines = ['ab', 'cd'].map((pair) => `${pair.repeat(32)}  ${time}  operator: spam\n`);
    assert.equal(stdout, lines.join(''));
    const [first] = (await call(['refused', 'ls', '--json'])).json();
    assert.deepEqual(first, {
      ...{ id: 'ab'.repeat(32), at: time },
      ...{ by: 'operator', hint: '7', reason: 'spam' },
    });
  });

  it('say that nothing is refused', async () => {
    const { control } = station;
    const { listRefused } = control;
    const counts = { operator: 0, policy: 0 };
    control.listRefused = async () => ({ counts, items: [], cursor: null });
    assert.equal((await call(['refused', 'ls'])).stdout, 'no item is refused\n');
    control.listRefused = listRefused;
  });
});
