import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { VirtualClock } from '../../../support/clock.ts';
import { within } from '../../../support/within.ts';
import { openStation, type Ran, type RunInit, run, type Station } from '../terminal.ts';

/** A watch whose blocks and signals are in the hands of the test. */
class Watched {
  readonly clock: VirtualClock = new VirtualClock();
  readonly #listeners: Set<(reason: string) => void> = new Set();
  #shown: PromiseWithResolvers<string> = Promise.withResolvers();
  readonly ran: Promise<Ran>;

  constructor(argv: readonly string[], init: RunInit = {}) {
    this.ran = run(argv, {
      clock: this.clock,
      onStop: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      onOut: (text) => this.#shown.resolve(text),
      onErr: (text) => this.#shown.resolve(text),
      ...init,
    });
  }

  /** The text that is written next. */
  async next(): Promise<string> {
    const text = await within(this.#shown.promise, 'a block');
    this.#shown = Promise.withResolvers();
    return text;
  }

  /** Ends the watch while it waits for the next block. */
  async end(reason = 'SIGINT'): Promise<Ran> {
    await this.clock.advance(0);
    assert.equal(this.clock.pending, 1);
    for (const listener of this.#listeners) listener(reason);
    const ran = await within(this.ran, 'the end of the watch');
    assert.equal(this.#listeners.size, 0);
    assert.equal(this.clock.pending, 0, 'no timer is left');
    return ran;
  }
}

describe('status --watch', () => {
  let station: Station;
  const start = (argv: readonly string[], init?: RunInit) =>
    new Watched(['status', ...argv, ...station.target], init);

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => station.node.items.clear());

  it('prints a block each two seconds, with an empty line between, until SIGINT: 0', async () => {
    const watched = start(['--watch']);
    assert.match(await watched.next(), /^peer id {6}self\n/);
    await watched.clock.advance(1_999);
    await station.node.put(new Uint8Array([1]));
    await watched.clock.advance(1);
    assert.match(await watched.next(), /^\npeer id[\s\S]*\nset {10}1 item, /);
    const { exitCode, stdout, stderr } = await watched.end();
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(stdout.match(/^peer id/gm)?.length, 2);
    assert.ok(!stdout.includes('\u001b'));
  });

  it('prints a line of JSON for each answer, at the interval that was given', async () => {
    const watched = start(['-w', '0.5', '--json']);
    await watched.next();
    await watched.clock.advance(500);
    await watched.next();
    const { json } = await watched.end();
    assert.deepEqual(
      json().map(({ peerId }) => peerId),
      ['self', 'self'],
    );
  });

  it('draws no JSON over other JSON, on a terminal either', async () => {
    const watched = start(['--watch', '--json'], { outTty: true });
    await watched.next();
    const { json } = await watched.end();
    assert.equal(json().length, 1);
  });

  it('draws over the block before on a terminal, within its height', async () => {
    const watched = start(['--watch'], { outTty: true, outRows: 4, env: { NO_COLOR: '1' } });
    const first = await watched.next();
    assert.ok(first.startsWith('\u001b[2J\u001b[H'), 'the screen is cleared once');
    assert.equal(first.split('\n').length, 4);
    await watched.clock.advance(2_000);
    const second = await watched.next();
    assert.equal(second, first.slice('\u001b[2J'.length));
    await watched.end();
  });

  it('waits for a daemon that has gone, with words on standard error', async () => {
    const watched = start(['--watch']);
    await watched.next();
    const file = join(station.directory, 'admin.json');
    await rename(file, `${file}.away`);
    await watched.clock.advance(2_000);
    assert.match(await watched.next(), /^rangemesh: no daemon runs on .*\[ADMIN_UNREACHABLE\]\n$/);
    await rename(`${file}.away`, file);
    await watched.clock.advance(2_000);
    assert.match(await watched.next(), /^\npeer id/);
    assert.equal((await watched.end()).exitCode, 0);
  });

  it('ends with 69 where no daemon answers at first, and with the code of other signals', async () => {
    const gone = await run(['status', '--watch', '--url', 'http://127.0.0.1:1']);
    assert.deepEqual([gone.exitCode, gone.stdout], [69, '']);
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const watched = start(['--watch']);
      await watched.next();
      assert.equal((await watched.end(signal)).exitCode, code);
    }
  });

  it('takes seconds from 0.1 to 1000000', async () => {
    for (const text of ['0', '0.09', '1000001', 'x', '1e3']) {
      const { exitCode, stderr } = await run(['status', '--watch', text, ...station.target]);
      assert.equal(exitCode, 64);
      assert.match(stderr, /give seconds from 0\.1 to 1000000.*\[USAGE\]/);
    }
  });
});
