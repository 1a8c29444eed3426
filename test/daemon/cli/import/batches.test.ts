import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { importAll, Parcels } from '../../../../src/daemon/cli/import/testing.ts';
import { ClientError } from '../../../../src/daemon/client/index.ts';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { openStation, run, type Station } from '../terminal.ts';

type ImportInit = Parameters<typeof importAll>[0];

/** Imports ten items over a daemon that holds the first two. */
async function importTen(
  given: Partial<ImportInit> & { putItems: ImportInit['daemon']['putItems'] },
) {
  const reported: string[] = [];
  async function* candidates() {
    for (let i = 0; i < 10; i++) {
      const payload = new Uint8Array(i);
      yield {
        origin: { path: `${i}` },
        load: async () => ({ kind: 'item' as const, hint: 1n, payload }),
      };
    }
  }
  const summary = await importAll({
    candidates: candidates(),
    daemon: { have: async (ids) => ids.map((_, at) => at < 2), putItems: given.putItems },
    isSecret: () => false,
    concurrency: 3,
    clock: new VirtualClock(),
    signal: new AbortController().signal,
    note: async () => undefined,
    report: async ({ origin, kind }) => void reported.push(`${origin.path} ${kind}`),
    ...given,
  });
  return { summary, reported };
}

const stored = (id: string) => ({ id, hint: '1', created: true });

describe('an import', () => {
  it('sends what the daemon lacks, and counts items, new ones and bytes', async () => {
    let sent = 0;
    const { summary, reported } = await importTen({
      putItems: async (items) => {
        sent += items.length;
        return items.map(({ id }) => stored(id));
      },
    });
    const { imported, created, bytes, failed, stopped } = summary;
    assert.equal(sent, 8);
    assert.deepEqual([imported, created, bytes, failed, stopped], [10, 8, 45, 0, null]);
    assert.equal(reported.length, 10);
  });

  it('stops at refusals that every further item would get, and at no others', async () => {
    const refuse = (code: string) =>
      importTen({
        putItems: async (items) =>
          items.map((_, line) => ({ error: { code, message: 'm' }, line: line + 1 })),
      });
    for (const code of ['DISK_FULL', 'STORE_WRITE_FAILED', 'SHUTTING_DOWN']) {
      const { summary } = await refuse(code);
      const { imported, failed, stopped } = summary;
      assert.deepEqual([imported, failed, stopped], [2, 1, { code, message: 'm' }]);
    }
    const { summary } = await refuse('ITEM_TOO_LARGE');
    assert.deepEqual([summary.imported, summary.failed, summary.stopped], [2, 8, null]);
  });

  it('counts every item of a call that failed, unless all further calls would fail', async () => {
    const fail = async (error: Error) => {
      const { summary, reported } = await importTen({ putItems: () => Promise.reject(error) });
      assert.equal(reported.length, summary.imported + summary.failed);
      return [summary.failed, summary.stopped?.code];
    };
    for (const status of [401, 403, 503, 507]) {
      assert.deepEqual(await fail(new ClientError(status, 'X', 'm')), [1, 'X']);
    }
    assert.deepEqual(await fail(new DaemonError('ADMIN_UNREACHABLE', 'gone')), [
      1,
      'ADMIN_UNREACHABLE',
    ]);
    assert.deepEqual(await fail(new ClientError(413, 'X', 'm')), [10, undefined]);
  });

  it('does not count an item that the daemon did not answer for', async () => {
    const { summary } = await importTen({
      putItems: async (items) => items.slice(0, 3).map(({ id }) => stored(id)),
    });
    assert.deepEqual([summary.imported, summary.failed], [5, 1]);
    assert.equal(summary.stopped?.code, 'INVALID_ANSWER');
  });

  it('stores what was read when it is interrupted', async () => {
    const stop = new AbortController();
    let reads = 0;
    const { summary } = await importTen({
      signal: stop.signal,
      isSecret: () => {
        if (++reads === 4) stop.abort(new DaemonError('INTERRUPTED', 'SIGINT ended the import'));
        return false;
      },
      putItems: async (items) => items.map(({ id }) => stored(id)),
    });
    assert.ok(summary.imported >= 4 && summary.imported < 10, `${summary.imported}`);
    assert.equal(summary.stopped?.code, 'INTERRUPTED');
  });
});

describe('parcels', () => {
  it('go when they are full, or when their first item has waited', async () => {
    const clock = new VirtualClock();
    const sent: number[] = [];
    const parcels = new Parcels<number>({
      clock,
      send: async (entries) => void sent.push(entries.length),
    });
    for (let i = 0; i < 1_025; i++) await parcels.add(i, 1);
    assert.deepEqual(sent, [1_024]);
    await clock.advance(20);
    assert.deepEqual(sent, [1_024, 1]);
    for (let i = 0; i < 3; i++) await parcels.add(i, 3 * 1024 * 1024);
    assert.deepEqual(sent, [1_024, 1, 1, 1]);
    await parcels.end();
    assert.deepEqual(sent, [1_024, 1, 1, 1, 1]);
    assert.equal(clock.pending, 0);
  });

  it('wait while two are on their way', async () => {
    const answers: (() => void)[] = [];
    const parcels = new Parcels<number>({
      clock: new VirtualClock(),
      send: () => new Promise((resolve) => answers.push(resolve)),
    });
    const big = 4 * 1024 * 1024;
    await parcels.add(1, big);
    await parcels.add(2, big);
    let added = false;
    const third = parcels.add(3, big).then(() => {
      added = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([answers.length, added], [2, false]);
    answers.shift()!();
    await third;
    assert.equal(answers.length, 2);
    for (const answer of answers) answer();
    await parcels.end();
  });
});

describe('import and export', () => {
  let station: Station;
  let other: Station;
  before(async () => {
    [station, other] = await Promise.all([openStation(), openStation()]);
  });
  after(() => Promise.all([station.close(), other.close()]));
  beforeEach(() => {
    for (const { node } of [station, other]) node.items.clear();
  });
  const fill = async () => {
    for (let i = 0; i < 20; i++)
      await station.node.put(new TextEncoder().encode(`item ${i}`), BigInt(i));
  };

  for (const format of ['ndjson', 'binary']) {
    it(`carry a set to another node in ${format}, by a file or a pipe`, async () => {
      await fill();
      const file = join(station.scratch, `all.${format}`);
      const argv = ['export', '--format', format, '-o', file, ...station.target];
      const { exitCode, json } = await run([...argv, '--json']);
      const { fingerprint } = station.node.bulk.stream({ from: 0n, to: 99n });
      assert.equal(exitCode, 0);
      const [facts] = json();
      assert.deepEqual([facts.items, facts.fingerprint, facts.output], [20, fingerprint, file]);
      const imported = await run(['import', file, ...other.target]);
      assert.match(imported.stdout, /^imported 20 items, 130 B: 20 new, 0 there already$/m);
      assert.deepEqual([...other.node.items.keys()].sort(), [...station.node.items.keys()].sort());

      other.node.items.clear();
      const piped = await run([
        'export',
        '--from',
        '5',
        '--to',
        '9',
        '--format',
        'ndjson',
        ...station.target,
      ]);
      assert.match(piped.stderr, /^exported 4 items/);
      const second = await run(['import', '-', ...other.target], { stdin: [piped.stdout] });
      assert.match(second.stdout, /^imported 4 items/m);
    });

    it(`tell of a cut export in ${format}, and store what it had`, async () => {
      await fill();
      const file = join(station.scratch, `cut.${format}`);
      await run(['export', '--format', format, '-o', file, ...station.target]);
      const bytes = await readFile(file);
      await writeFile(file, bytes.subarray(0, Math.floor(bytes.length / 2)));
      const { exitCode, stdout } = await run(['import', file, ...other.target]);
      assert.equal(exitCode, 65);
      assert.match(stdout, /stopped before the end: the export is cut.*\[EXPORT_CUT\]/);
      assert.ok(other.node.items.size > 5 && other.node.items.size < 20);
    });
  }

  it('send nothing that is held already', async () => {
    const root = join(station.scratch, 'tree');
    await mkdir(root);
    for (let i = 0; i < 5; i++) await writeFile(join(root, `${i}`), `content ${i}`);
    await run(['import', root, ...station.target]);
    let batches = 0;
    const { putMany } = station.node.bulk;
    (station.node.bulk as { putMany: typeof putMany }).putMany = (items) => {
      batches++;
      return putMany(items);
    };
    const { stdout } = await run(['import', root, ...station.target]);
    (station.node.bulk as { putMany: typeof putMany }).putMany = putMany;
    assert.match(stdout, /^imported 5 items, 45 B: 0 new, 5 there already$/m);
    assert.equal(batches, 0);
  });

  it('ends with 130 and the count of what was stored at SIGINT', async () => {
    let interrupt: ((reason: string) => void) | undefined;
    const lines = (async function* () {
      yield '{"hint":1}\n';
      while (station.node.items.size === 0) await new Promise((resolve) => setImmediate(resolve));
      interrupt?.('SIGINT');
      yield '{"hint":2}\n';
      yield '{"hint":3}\n';
    })();
    const { exitCode, stdout } = await run(
      ['import', '-', '--concurrency', '1', ...station.target],
      {
        stdin: lines,
        onStop: (listener) => {
          interrupt = listener;
          return () => undefined;
        },
      },
    );
    assert.equal(exitCode, 130);
    assert.match(stdout, /^imported [12] items?, /m);
    assert.match(stdout, /stopped before the end: SIGINT ended the import \[INTERRUPTED\]/);
  });

  it('leave no file where the export breaks off, and write over no file of a node', async () => {
    await fill();
    const { stream } = station.node.bulk;
    (station.node.bulk as { stream: unknown }).stream = () => {
      const found = stream({ from: 0n, to: 99n });
      return { ...found, fingerprint: 'ab'.repeat(32) };
    };
    const file = join(station.scratch, 'broken');
    const argv = ['export', '-o', file, ...station.target];
    const { exitCode, stderr } = await run(argv);
    (station.node.bulk as { stream: unknown }).stream = stream;
    assert.deepEqual([exitCode, /EXPORT_FAILED/.test(stderr)], [65, true]);
    await assert.rejects(readFile(file), { code: 'ENOENT' });
    await assert.rejects(readFile(`${file}.part`), { code: 'ENOENT' });
    const own = join(station.directory, 'admin.token');
    assert.equal((await run(['export', '-o', own, ...station.target])).exitCode, 64);
    const terminal = await run(['export', '--format', 'binary', ...station.target], {
      outTty: true,
    });
    assert.equal(terminal.exitCode, 64);
  });

  it('replace a file that is there only with --force, and no file that came meanwhile', async () => {
    await fill();
    const file = join(station.scratch, 'taken');
    const argv = ['export', '-o', file, ...station.target];
    await writeFile(file, 'precious');
    const { stream } = station.node.bulk;
    (station.node.bulk as { stream: unknown }).stream = () => assert.fail('read before the check');
    const refused = await run(argv);
    (station.node.bulk as { stream: unknown }).stream = stream;
    assert.equal(refused.exitCode, 64);
    assert.match(refused.stderr, /taken is there already and stays as it is.*--force \[USAGE\]/);
    assert.equal(await readFile(file, 'utf8'), 'precious');
    assert.equal((await run([...argv, '--force'])).exitCode, 0);
    assert.match(await readFile(file, 'utf8'), /^\{"header"/);

    const link = join(station.scratch, 'link');
    await symlink(station.scratch, link);
    const kept = await run(['export', '-o', link, '--force', ...station.target]);
    assert.match(kept.stderr, /link is no file: .* leave -o out .*\[USAGE\]/);

    await rm(file);
    (station.node.bulk as { stream: unknown }).stream = (asked: { from: bigint; to: bigint }) => {
      writeFileSync(file, 'precious');
      return stream(asked);
    };
    const late = await run(argv);
    (station.node.bulk as { stream: unknown }).stream = stream;
    assert.deepEqual([late.exitCode, await readFile(file, 'utf8')], [64, 'precious']);
    await assert.rejects(readFile(`${file}.part`), { code: 'ENOENT' });
  });
});
