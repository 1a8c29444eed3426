import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { hexToBytes } from '../../../src/store/index.ts';
import { openStation, run, type Station } from './terminal.ts';

const text = (content: string) => new TextEncoder().encode(content);

describe('items on the command line', () => {
  let station: Station;
  const call = (...argv: string[]) => run([...argv, ...station.target]);

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => station.node.items.clear());

  describe('get', () => {
    const holding = async (payload: Uint8Array | string) =>
      (await run(['put', '--hint', '7', ...station.target], { stdin: [payload] })).stdout.trim();
    const toTerminal = (...argv: string[]) =>
      run(['get', ...argv, ...station.target], { outTty: true });

    it('writes plain text alone to a terminal, and other payloads by force', async () => {
      const plain = 'Grüße\t\r\n';
      assert.equal((await toTerminal(await holding(plain))).stdout, plain);
      for (const payload of [
        Uint8Array.of(0xff, 0xfe),
        'red \u001b[31m',
        'bell\u0007',
        'c1 \u009b',
      ]) {
        const id = await holding(payload);
        const { exitCode, stdout, stderr } = await toTerminal(id);
        assert.deepEqual([exitCode, stdout], [64, '']);
        assert.match(stderr, /give -o FILE, or --force \[USAGE\]/);
        assert.equal((await toTerminal(id, '--force')).exitCode, 0);
        assert.equal((await toTerminal(id, '--json')).json()[0].id, id);
        assert.equal((await call('get', id)).exitCode, 0);
      }
    });

    it('writes a new file, and over another by force alone', async () => {
      const id = await holding('new');
      const path = join(station.scratch, 'taken');
      await writeFile(path, 'old');
      const refused = await call('get', id, '-o', path);
      assert.equal(refused.exitCode, 64);
      assert.match(refused.stderr, /taken is there already .* or give --force \[USAGE\]/);
      assert.equal(await readFile(path, 'utf8'), 'old');
      assert.equal((await call('get', id, '-o', path, '--force')).exitCode, 0);
      assert.equal(await readFile(path, 'utf8'), 'new');
      assert.equal((await call('get', id, '-o', devNull)).exitCode, 0, 'a device loses nothing');
    });

    it('says that its output has no room, with an exit code of its own', async () => {
      const id = await holding('much');
      for (const [code, exitCode, words] of [
        ['ENOSPC', 74, /cannot write the output: failed; make room .* \[OUTPUT_UNWRITTEN\]/],
        ['EDQUOT', 74, /\[OUTPUT_UNWRITTEN\]/],
        ['EPIPE', 141, /^$/],
      ] as const) {
        const stdout = new Writable({
          write: (_chunk, _encoding, done) => done(Object.assign(new Error('failed'), { code })),
        }).on('error', () => undefined);
        const ran = await run(['get', id, ...station.target], { stdout });
        assert.equal(ran.exitCode, exitCode);
        assert.match(ran.stderr, words);
      }
    });

    it('says so of a file', { skip: !existsSync('/dev/full') }, async () => {
      const ran = await call('get', await holding('much'), '-o', '/dev/full');
      assert.equal(ran.exitCode, 74);
      assert.match(ran.stderr, /cannot write \/dev\/full: .*; make room .* \[OUTPUT_UNWRITTEN\]/);
    });

    it('takes the first digits of an id, and lists the ids that begin so where there are several', async () => {
      const id = await holding('hello');
      assert.equal((await call('get', id.slice(0, 8))).stdout, 'hello');
      assert.equal((await call('get', id.slice(0, 8), '--json')).json()[0].id, id);
      assert.match((await call('why', id.slice(0, 8))).stdout, /^have: 5 B/);
      assert.equal((await call('get', id.slice(0, 7))).exitCode, 64);
      const twin = `${id.slice(0, 62)}zz`.replace('zz', id.endsWith('00') ? '11' : '00');
      station.node.items.set(twin, { hint: 1n, id: hexToBytes(twin), payload: text('twin') });
      const { exitCode, stderr } = await call('get', id.slice(0, 62));
      assert.equal(exitCode, 64);
      const both = [id, twin].sort().join(', ');
      assert.ok(stderr.includes(`: ${both}; give more digits [AMBIGUOUS_ID]`), stderr);
    });
  });

  describe('put', () => {
    it('stores an empty item only if that is asked for', async () => {
      const path = join(station.scratch, 'empty');
      await writeFile(path, '');
      for (const [file, name] of [
        ['-', 'standard input'],
        [path, path],
      ] as const) {
        const { exitCode, stdout, stderr } = await call('put', file);
        assert.deepEqual([exitCode, stdout], [65, '']);
        assert.ok(stderr.startsWith(`rangemesh: ${name} is empty, so nothing is stored`), stderr);
        assert.match(stderr, /give --empty .*\[INPUT_EMPTY\]\n$/);
        assert.equal((await call('put', file, '--empty')).exitCode, 0);
      }
    });

    it('takes an item as long as the daemon takes, and lets the daemon refuse one byte more', async () => {
      const put = (bytes: number, ...argv: string[]) =>
        run(['put', ...argv, ...station.target], { stdin: [new Uint8Array(bytes)] });
      assert.equal((await put(65_536, '--max-bytes', '64KiB')).exitCode, 0);
      assert.match((await put(65_537, '--max-bytes', '64KiB')).stderr, /\[INPUT_TOO_LARGE\]/);
      assert.match((await put(65_537)).stderr, /\[ITEM_TOO_LARGE\]/);
    });
  });

  describe('ls', () => {
    it('lists hint, id and size of all items, whatever number of pages they take', async () => {
      for (let hint = 0; hint < 2_001; hint++) {
        const id = new Uint8Array(32).fill(hint % 256);
        const payload = new Uint8Array(hint % 5);
        station.node.items.set(`${hint}`, { hint: BigInt(hint), id, payload });
      }
      station.node.head = async () => ({ hint: 0n, bytes: 4 });
      const lines = async (...argv: string[]) =>
        (await call('ls', ...argv)).stdout.split('\n').slice(0, -1);
      const all = await lines();
      assert.equal(all.length, 2_001);
      assert.equal(all[7], `7 ${'07'.repeat(32)} 4`);
      assert.equal((await lines('--limit', '1000')).length, 1_000);
      assert.equal((await lines('--limit', '1001')).length, 1_001);
      const some = await lines('--from', '3', '--to', '5', '--json');
      const item = (hint: number) => ({ hint: `${hint}`, id: `0${hint}`.repeat(32), bytes: 4 });
      assert.deepEqual(
        some.map((line) => JSON.parse(line)),
        [item(3), item(4)],
      );
      assert.deepEqual(await lines('--from', '5000'), []);
      delete (station.node as { head?: unknown }).head;
    });

    it('is a table within 80 columns on a terminal, whole with --wide', async () => {
      for (let hint = 0; hint < 1_001; hint++) {
        const id = new Uint8Array(32).fill(hint % 256);
        station.node.items.set(`${hint}`, { hint: BigInt(hint), id, payload: id });
      }
      station.node.head = async () => ({ hint: 0n, bytes: 32 });
      const lines = async (...argv: string[]) => {
        const ran = await run(['ls', ...argv, ...station.target], { outTty: true });
        return stripVTControlCharacters(ran.stdout).split('\n').slice(0, -1);
      };
      const table = await lines();
      assert.equal(table.length, 1_002, 'one header over all pages');
      assert.equal(table[0], `${' '.repeat(9)}HINT  ID                     BYTES`);
      assert.equal(table[1_001], `${' '.repeat(9)}1000  ${'e8'.repeat(8)}          32`);
      assert.equal((await lines('--wide', '--limit', '1'))[0], `0 ${'00'.repeat(32)} 32`);
      assert.deepEqual(await lines('--from', '5000'), []);
      delete (station.node as { head?: unknown }).head;
    });
  });
});
