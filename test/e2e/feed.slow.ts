import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient, type ChangesInit } from '../../src/daemon/client/index.ts';
import { systemClock } from '../../src/daemon/system/index.ts';
import { SeededRandom } from '../support/random.ts';
import { join2, type Running, TestMesh, until } from './support/mesh.ts';

/** `FEED_ITEMS=100000` is the scale of the issue: some minutes. */
const ITEMS = Number(process.env.FEED_ITEMS ?? 5_000);
const WRITERS = 8;
/** Of the node that the consumer reads. */
const KILLS = 3;

const after: ChangesInit['after'] = (ms, callback) => systemClock.after(ms, callback);

/** An application that is killed and started again at random. It keeps its place together with what it read. */
class Consumer {
  readonly seen: Map<string, number> = new Map();
  resets = 0;
  starts = 0;
  #place: { since: number; epoch?: string } = { since: 0 };
  #wanted = true;
  readonly #random = new SeededRandom('feed');
  readonly #url: () => string | null;

  /** `url` gives null while the daemon is down. */
  constructor(url: () => string | null) {
    this.#url = url;
  }

  async run(): Promise<void> {
    while (this.#wanted) {
      const url = this.#url();
      if (url === null) await pause(20);
      else await this.#live(new AdminClient({ url })).catch(() => pause(20));
    }
  }

  stop(): void {
    this.#wanted = false;
  }

  /** One life: so many entries, or until the daemon is another one. */
  async #live(client: AdminClient): Promise<void> {
    this.starts++;
    let left = 1 + Math.floor(this.#random.fraction() * (ITEMS / 10));
    const gone = new AbortController();
    const url = this.#url();
    const retrying = () => {
      if (this.#url() !== url || !this.#wanted) gone.abort();
    };
    const init = { ...this.#place, after, retrying, signal: gone.signal, payloads: left % 2 === 0 };
    for await (const line of client.changes(init)) {
      if ('reset' in line) {
        this.resets++;
        continue;
      }
      this.seen.set(line.id, (this.seen.get(line.id) ?? 0) + 1);
      this.#place = { since: line.seq, epoch: line.epoch };
      if (--left === 0) return;
    }
  }
}

/** Puts items of its own, again where the node is down; one that may have been stored has the same id. */
async function write(node: () => Running | null, name: string, count: number): Promise<void> {
  const payload = (i: number) => new TextEncoder().encode(`${name}/${i}`);
  const put = async (i: number) => {
    for (;;) {
      const running = node();
      const put = running?.client.send('POST', `/v1/items?hint=${i}`, payload(i));
      const answer = await put?.catch(() => undefined);
      if (answer !== undefined && answer.status < 300) return;
      await pause(20);
    }
  };
  const writer = async (first: number) => {
    for (let i = first; i < count; i += WRITERS) await put(i);
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => writer(i)));
}

describe('a consumer of the feed of one of three nodes that are written to', () => {
  it('sees each item once, though it and the node are killed again and again', async (context) => {
    const mesh = await TestMesh.create(context);
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => mesh.start(name)));
    const [, b, c] = nodes as [Running, Running, Running];
    let a: Running | null = nodes[0]!;
    const joinAll = async (node: Running) => {
      await Promise.all([join2(node, b), join2(node, c)]);
    };
    await Promise.all([joinAll(a), join2(b, c)]);
    const consumer = new Consumer(() => a?.daemon.admin ?? null);
    const consuming = consumer.run();
    const share = Math.floor(ITEMS / 3);
    const writing = Promise.all(
      [() => a, () => b, () => c].map((node, i) => write(node, `${i}`, share)),
    );
    for (let kill = 1; kill <= KILLS; kill++) {
      await until(
        async () => consumer.seen.size,
        (size) => size >= (kill * 3 * share) / (KILLS + 2),
        600_000,
      );
      const killed: Running = a;
      a = null;
      await killed.daemon.stop('SIGKILL');
      a = await mesh.start('a');
      await joinAll(a);
    }
    await writing;
    await until(
      async () => consumer.seen.size,
      (size) => size === 3 * share,
      120_000,
    );
    consumer.stop();
    const again = [...consumer.seen.values()].filter((times) => times !== 1);
    assert.deepEqual(again, [], 'no item comes twice');
    assert.equal(consumer.resets, 0);
    assert.ok(consumer.starts > KILLS, `${consumer.starts} lives`);
    await nodes[0]!.client.close();
    // The last poll ends with its daemon.
    await a.daemon.stop('SIGTERM');
    await consuming;
  });
});
