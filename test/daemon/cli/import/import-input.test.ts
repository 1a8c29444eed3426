import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { cleanUp } from '../../../support/clean-up.ts';
import { openStation, run, type Station } from '../terminal.ts';

/** No UTF-8, as older systems wrote names. */
const LATIN = Buffer.from([0x67, 0x72, 0xfc, 0x6e]);

describe('import of unusual input', () => {
  let station: Station;
  let folders = 0;
  const folder = async () => {
    const path = join(station.scratch, `folder-${folders++}`);
    await mkdir(path);
    return path;
  };
  const ndjson = (input: Uint8Array | string, ...argv: string[]) =>
    run(['import', '-', ...argv, ...station.target], { stdin: [input] });
  const call = (...argv: string[]) => run([...argv, ...station.target]);
  const payloads = () =>
    [...station.node.items.values()].map(({ payload }) => `${Buffer.from(payload)}`).sort();

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => station.node.items.clear());

  it('takes files whose names are not UTF-8, and all below such a directory', async () => {
    const root = await folder();
    const below = Buffer.concat([Buffer.from(`${root}/`), LATIN]);
    await mkdir(below);
    await writeFile(Buffer.concat([below, Buffer.from('/'), LATIN]), 'within');
    await writeFile(join(root, 'plain'), 'beside');
    const { exitCode, json } = await call('import', root, '--json');
    const [summary, ...outcomes] = json().reverse();
    // Two puts run at a time, and end in any order.
    const named = outcomes.find(({ pathBase64 }) => pathBase64 !== undefined);
    const plain = outcomes.find(({ pathBase64 }) => pathBase64 === undefined);
    assert.deepEqual([exitCode, summary.imported, payloads()], [0, 2, ['beside', 'within']]);
    assert.equal(named.path, `${root}/gr\ufffdn/gr\ufffdn`);
    const bytes = Buffer.concat([below, Buffer.from('/'), LATIN]);
    assert.deepEqual(Buffer.from(named.pathBase64, 'base64'), bytes);
    assert.deepEqual([plain.path, plain.pathBase64], [join(root, 'plain'), undefined]);
  });

  it('refuses what cannot be read with 64, and says why', async (context) => {
    const path = join(await folder(), 'socket');
    const server = createServer().listen(path);
    cleanUp(context, () => server.close());
    for (const wrong of [path, join(station.scratch, 'nothing')]) {
      const { exitCode, stdout, stderr } = await call('import', wrong);
      assert.deepEqual([exitCode, stdout], [64, '']);
      assert.match(stderr, /^rangemesh: cannot read .* \[USAGE\]\n$/);
    }
  });

  it('reads NDJSON behind a byte-order mark, however it is cut', async () => {
    const text = '\ufeff{"hint":1}\n{"hint":2}';
    assert.equal((await ndjson(text)).exitCode, 0);
    const bytes = Buffer.from(text);
    const stdin = Array.from(bytes, (byte) => Buffer.of(byte));
    assert.equal((await run(['import', '-', ...station.target], { stdin })).exitCode, 0);
    assert.deepEqual(payloads(), ['{"hint":1}', '{"hint":2}']);
  });

  it('takes whole numbers in every spelling of JSON, and names those above 2^53 that are not exact', async () => {
    const { stderr } = await ndjson('{"hint":1e3}\n{"hint":7.0}\n{"hint":1e19}\n{"hint":1.5}');
    assert.deepEqual(payloads(), ['{"hint":1e3}', '{"hint":7.0}']);
    assert.match(stderr, /-:3: the field "hint" must hold a whole number in digits .* not 1e19 /);
    assert.match(stderr, /-:4: .* not 1\.5 \[BAD_INPUT\]/);
  });

  it('reads deep nesting, and says what to do where that hides an exact hint', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const large = '18446744073709551000';
    const { stderr } = await ndjson(`{"hint":1,"x":${deep}}\n{"hint":${large},"x":${deep}}`);
    assert.equal(station.node.items.size, 1);
    assert.match(stderr, /-:2: .* nested too deep .*: write the number in "hint" as a string/);
  });

  it('refuses a binary file as a whole', async () => {
    const { exitCode, stderr } = await ndjson(Uint8Array.of(0x50, 0x4b, 0, 10, 1, 10));
    assert.equal(exitCode, 64);
    assert.equal(stderr.split('\n').length, 2);
    assert.match(stderr, /standard input is no NDJSON, since it has zero bytes/);
  });

  it('shows the first twenty failures, and counts the others', async () => {
    const lines = async (count: number) =>
      (await ndjson('x\n'.repeat(count))).stderr.trimEnd().split('\n');
    assert.match((await lines(20)).at(-1)!, /^rangemesh: -:20: the line is not JSON/);
    const more = await lines(1_000);
    assert.equal(more.length, 21);
    assert.equal(more.at(-1), 'rangemesh: 980 more failed and are not shown; --json shows all');
    assert.equal((await ndjson('x\n'.repeat(30), '--json')).stderr, '');
  });

  describe('with a manifest', () => {
    it('notes path, hint, size and id of each item, and get finds items by their names', async () => {
      const root = await folder();
      for (const name of ['a', 'b']) await mkdir(join(root, name));
      await writeFile(join(root, 'a', 'one'), 'first');
      await writeFile(join(root, 'b', 'one'), 'second');
      await writeFile(join(root, 'b', 'two'), 'third');
      const manifest = join(root, 'manifest.ndjson');
      const first = await call('import', root, '--manifest', manifest);
      assert.match(first.stdout, /^skipped 1 manifest of this import$/m);
      const entries = (await readFile(manifest, 'utf8')).trimEnd().split('\n');
      assert.equal(entries.length, 3);
      const entry = entries.map((line) => JSON.parse(line)).find(({ size }) => size === 6);
      assert.deepEqual(Object.keys(entry), ['path', 'root', 'hint', 'size', 'id']);
      assert.equal(entry.path, join(root, 'b', 'one'));
      const get = (name: string, cwd = '/') =>
        run(['get', '--manifest', manifest, name, ...station.target], { cwd });
      assert.equal((await get(join(root, 'a/one'))).stdout, 'first');
      assert.equal((await get('one', join(root, 'a'))).stdout, 'first');
      assert.equal((await get('b/one')).stdout, 'second');
      assert.equal((await get('two')).stdout, 'third');
      const ambiguous = await get('one');
      assert.equal(ambiguous.exitCode, 64);
      assert.match(
        ambiguous.stderr,
        /one is the end of 2 paths in .*: .*a\/one, .*b\/one; give more/,
      );
      // Files are read side by side, so that the lines may come in any order.
      await writeFile(manifest, `${entries.toReversed().join('\n')}\n`);
      assert.equal((await get('one')).stderr, ambiguous.stderr);
      assert.match((await get('ne')).stderr, /has no ne \[USAGE\]/);
      const named = `${JSON.stringify({ ...entry, path: 'plain' })}\n`;
      await writeFile(manifest, named, { flag: 'a' });
      assert.equal((await get('plain')).stdout, 'second');
    });

    it('adds lines behind those that are there, of which the last of a name counts', async () => {
      const manifest = join(await folder(), 'manifest');
      const file = join(await folder(), 'events.ndjson');
      for (const line of ['{"hint":1}', '{"hint":2}']) {
        await writeFile(file, line);
        await call('import', file, '--manifest', manifest);
      }
      const got = await call('get', '--manifest', manifest, `${file}:1`);
      assert.equal(got.stdout, '{"hint":2}');
    });

    it('begins a new line behind a torn one; get skips damaged lines, and says how many', async () => {
      const manifest = join(await folder(), 'manifest');
      const file = join(await folder(), 'events.ndjson');
      await writeFile(file, '{"hint":1}');
      await writeFile(manifest, '{"path":"x"}\n{"path":"/torn');
      await call('import', file, '--manifest', manifest);
      const { exitCode, stdout, stderr } = await call('get', '--manifest', manifest, `${file}:1`);
      assert.deepEqual([exitCode, stdout], [0, '{"hint":1}']);
      assert.equal(stderr, `rangemesh: ${manifest} has 2 lines that are damaged, and skipped\n`);
    });

    it('names the ids where paths of different bytes look the same', async () => {
      const root = Buffer.from(await folder());
      for (const byte of [0xfe, 0xff]) {
        await writeFile(Buffer.concat([root, Buffer.of(0x2f, byte)]), `content ${byte}`);
      }
      const manifest = join(await folder(), 'manifest');
      await call('import', `${root}`, '--manifest', manifest);
      const entries = (await readFile(manifest, 'utf8')).trimEnd().split('\n');
      const { exitCode, stderr } = await call('get', '--manifest', manifest, '\ufffd');
      assert.equal(exitCode, 64);
      assert.match(stderr, /is ambiguous: 2 paths in .* look like it, with different bytes/);
      for (const line of entries) assert.ok(stderr.includes(JSON.parse(line).id), stderr);
    });

    it('finds a path relative to the directory that was imported before the ends of others', async () => {
      const root = await folder();
      await mkdir(join(root, 'sub'));
      await writeFile(join(root, 'note'), 'outer');
      await writeFile(join(root, 'sub', 'note'), 'inner');
      const manifest = join(await folder(), 'manifest');
      await call('import', root, '--manifest', manifest);
      assert.equal((await call('get', '--manifest', manifest, 'note')).stdout, 'outer');
    });

    it('never imports the manifest itself, and writes over no file of a node', async () => {
      const manifest = join(await folder(), 'manifest');
      await writeFile(manifest, '{"hint":1}');
      const { exitCode, stderr } = await call('import', manifest, '--manifest', manifest);
      assert.equal(exitCode, 64);
      assert.match(stderr, /is the manifest of this import: name another file/);
      assert.equal(await readFile(manifest, 'utf8'), '{"hint":1}');
      const own = join(station.directory, 'peers.json');
      const refused = await call('import', await folder(), '--manifest', own);
      assert.equal(refused.exitCode, 64);
      assert.match(refused.stderr, /is a file of a node, or lies in a data directory/);
      assert.equal(existsSync(own), false);
      const directory = await call('import', await folder(), '--manifest', await folder());
      assert.equal(directory.exitCode, 64);
      assert.match(directory.stderr, /cannot write the manifest .*EISDIR.*\[USAGE\]/);
    });

    it('ends with a summary where the manifest cannot be written', {
      skip: !existsSync('/dev/full'),
    }, async () => {
      const root = await folder();
      for (let i = 0; i < 5; i++) await writeFile(join(root, `${i}`), `content ${i}`);
      const argv = ['--manifest', '/dev/full', '--concurrency', '1'];
      const { exitCode, stdout } = await call('import', root, ...argv);
      assert.equal(exitCode, 1);
      assert.match(stdout, /^imported 5 items/, 'they are stored');
      assert.match(stdout, /stopped before the end: .*\/dev\/full: ENOSPC.*\[MANIFEST_UNWRITTEN\]/);
    });
  });
});
