import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { readLines } from '../../../../src/daemon/client/index.ts';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { bytesToHex, itemId, StoreError } from '../../../../src/store/index.ts';
import { TOKEN } from '../../admin/running-admin.ts';
import { openStation, run, type Station } from '../terminal.ts';

const text = (content: string) => new TextEncoder().encode(content);
const idOf = (hint: bigint, content: string) => bytesToHex(itemId(hint, text(content)));

describe('import', () => {
  let station: Station;
  let directories = 0;
  const call = (path: string, ...argv: string[]) =>
    run(['import', path, ...argv, ...station.target]);
  const ndjson = (content: string, ...argv: string[]) =>
    run(['import', '-', '--json', ...argv, ...station.target], { stdin: [content] });

  /** A fresh directory with files of given contents, all changed at 1,234,567 ms. */
  async function tree(files: Record<string, string | Uint8Array>): Promise<string> {
    const root = join(station.scratch, `tree-${directories++}`);
    await mkdir(root);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(root, name, '..'), { recursive: true });
      await writeFile(join(root, name), content);
      await utimes(join(root, name), 1_234.567, 1_234.567);
    }
    return root;
  }

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => {
    station.node.items.clear();
    station.node.fault = null;
  });

  describe('of a directory', () => {
    it('makes one item a file, its hint the modification time', async () => {
      const root = await tree({ a: 'one', 'sub/b': 'two', 'sub/deep/c': '' });
      const { exitCode, json, stderr } = await call(root, '--json');
      assert.deepEqual([exitCode, stderr], [0, '']);
      const lines = json();
      const summary = lines.pop();
      const item = (name: string, content: string) => ({
        path: join(root, name),
        id: idOf(1_234_567n, content),
        hint: '1234567',
        created: true,
      });
      lines.sort((a, b) => (a.path < b.path ? -1 : 1));
      assert.deepEqual(lines, [item('a', 'one'), item('sub/b', 'two'), item('sub/deep/c', '')]);
      assert.deepEqual(summary, {
        imported: 3,
        created: 3,
        bytes: 6,
        skipped: { symlink: 0, notAFile: 0, tooLarge: 0, blankLine: 0, ownFile: 0, manifest: 0 },
        failed: 0,
        stopped: null,
      });
      assert.equal(station.node.items.size, 3);
    });

    it('creates no item twice when it is repeated', async () => {
      const root = await tree({ a: 'one', b: 'two' });
      await call(root);
      const { stdout } = await call(root);
      assert.match(stdout, /^imported 2 items, 6 B: 0 new, 2 there already$/m);
      assert.equal(station.node.items.size, 2);
    });

    it('skips links, pipes and large files, and reports them', async () => {
      const root = await tree({ a: 'one', big: new Uint8Array(2_000) });
      await symlink(join(root, 'a'), join(root, 'link'));
      await symlink(root, join(root, 'loop'));
      execFileSync('mkfifo', [join(root, 'pipe')]);
      const { exitCode, stdout } = await call(root, '--max-bytes', '1KB');
      assert.equal(exitCode, 0);
      assert.match(stdout, /^imported 1 item, 3 B: 1 new, 0 there already$/m);
      assert.match(
        stdout,
        /^skipped 2 symbolic links, 1 neither file nor directory, 1 above 1000 B \(--max-bytes\)$/m,
      );
      const { json } = await call(root, '--max-bytes', '1KB', '--json');
      const reasons = json().flatMap(({ path, reason }) => (reason ? [`${path} ${reason}`] : []));
      assert.ok(reasons.includes(`${join(root, 'big')} tooLarge`), reasons.join());
    });

    it('reports failures, continues, and exits with 1', async () => {
      const root = await tree({ a: 'one', old: 'two', big: new Uint8Array(70_000) });
      await utimes(join(root, 'old'), new Date(-5_000), new Date(-5_000));
      const { exitCode, stdout, stderr } = await call(root);
      assert.equal(exitCode, 1);
      assert.match(stderr, /old: .*before 1970.* \[BAD_INPUT\]/);
      assert.match(stderr, /big: .*at most 65536 bytes.* \[ITEM_TOO_LARGE\]/);
      assert.match(stdout, /^imported 1 item/m);
      assert.match(stdout, /^failed 2$/m);
    });

    it('puts at most the allowed number of files at a time', async () => {
      const root = await tree(
        Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, `content ${i}`])),
      );
      let under = 0;
      let most = 0;
      const { put } = station.node;
      station.node.put = async (payload, hint) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setImmediate(resolve));
        under--;
        return put.call(station.node, payload, hint);
      };
      const { exitCode } = await call(root, '--concurrency', '4');
      station.node.put = put;
      assert.equal(exitCode, 0);
      assert.ok(most <= 4, `${most} at a time`);
      assert.equal(station.node.items.size, 40);
    });

    it('stops when the daemon has no room, instead of failing item by item', async () => {
      const files = Array.from({ length: 100 }, (_, i) => [`f${i}`, `content ${i}`]);
      const root = await tree(Object.fromEntries(files));
      station.node.fault = new StoreError('DISK_FULL', 'no room');
      const { exitCode, json } = await call(root, '--concurrency', '2', '--json');
      assert.equal(exitCode, 1);
      const summary = json().at(-1);
      assert.deepEqual(summary.stopped, { code: 'DISK_FULL', message: 'no room' });
      assert.ok(summary.failed <= 2);
      const { stdout } = await call(root);
      assert.match(stdout, /stopped before the end: no room \[DISK_FULL\]/);
    });

    it('exits with 69 when the daemon is gone', async () => {
      const root = await tree({ a: 'one', b: 'two' });
      const { exitCode, stdout } = await run(['import', root, '--url', 'http://127.0.0.1:1']);
      assert.equal(exitCode, 69);
      assert.match(stdout, /stopped before the end/);
    });

    it('shows a bar on a terminal, and lines between', async () => {
      const root = await tree({ a: 'one', b: 'two', old: 'three' });
      await utimes(join(root, 'old'), new Date(-5_000), new Date(-5_000));
      const argv = ['import', root, '--concurrency', '1', ...station.target];
      const { stdout, stderr } = await run(argv, { tty: true });
      assert.match(stderr, /importing \[-+\] 0\/3/);
      assert.ok(stderr.includes(`\r\u001b[Krangemesh: ${join(root, 'old')}: `));
      assert.match(stdout, /^imported 2 items/);
    });

    it('refuses contradictory arguments', async () => {
      const root = await tree({});
      assert.equal((await call(root, '--hint-field', 'x')).exitCode, 64);
      const missing = await call(join(root, 'none'));
      assert.equal(missing.exitCode, 64);
      assert.match(missing.stderr, /cannot read .*ENOENT/);
      assert.match((await call(root)).stdout, /^imported 0 items/);
    });
  });

  describe('of what belongs to a node', () => {
    const key = (name: string) => join(station.directory, name);

    before(async () => {
      await mkdir(key('db'));
      await writeFile(key('db/000001.ldb'), 'payloads');
      await writeFile(key('identity.key'), 'the private key\n');
    });

    it('skips the data directory and says so, whatever its name is in the tree', async () => {
      const root = await tree({ a: 'one' });
      // A move within the file system keeps device and inode, as a bind mount does.
      const inside = join(root, 'sub');
      await rename(station.directory, inside);
      await symlink(inside, station.directory);
      const { exitCode, stdout, stderr } = await call(root);
      const refused = await Promise.all(
        ['', 'db', 'db/000001.ldb', 'identity.key', 'admin.json'].map((name) => call(key(name))),
      );
      await rm(station.directory);
      await rename(inside, station.directory);
      assert.equal(exitCode, 0);
      assert.match(stdout, /^imported 1 item, 3 B/m);
      assert.match(stdout, /^skipped 1 file or directory of a node itself$/m);
      assert.equal(
        stderr,
        `rangemesh: ${inside}: skipped, since it is data, a key or a token of a node\n`,
      );
      for (const ran of refused) {
        assert.equal(ran.exitCode, 64);
        assert.match(
          ran.stderr,
          /is a key or a token of a node, or lies in a data directory.*\[USAGE\]/,
        );
      }
    });

    it('skips parts of the data directory that lie elsewhere in the tree', async () => {
      const root = await tree({ a: 'one' });
      await writeFile(key('peers.json'), 'known peers');
      await link(key('peers.json'), join(root, 'linked'));
      await rename(key('db'), join(root, 'mounted'));
      await symlink(join(root, 'mounted'), key('db'));
      const { stdout, stderr } = await call(root);
      await rm(key('db'));
      await rename(join(root, 'mounted'), key('db'));
      assert.match(stdout, /^imported 1 item, 3 B/m);
      assert.deepEqual([stderr.includes('/linked: '), stderr.includes('/mounted: ')], [true, true]);
    });

    it('skips its keys and tokens under other names, and copies of them', async () => {
      const [token, psk] = [join(station.scratch, 'api.token'), join(station.scratch, 'psk')];
      await writeFile(token, 'a token elsewhere');
      await writeFile(psk, 'a shared key');
      const old = join(station.scratch, 'old-psk');
      await writeFile(old, 'the key before it');
      const root = await tree({ a: 'one', copied: 'the private key' });
      const secrets = [key('identity.key'), key('admin.token'), token, psk, old];
      for (const [i, path] of secrets.entries()) {
        await link(path, join(root, `link-${i}`));
        await copyFile(path, join(root, `copy-${i}`));
      }
      const file = join(station.scratch, 'own.yaml');
      const access = `access: { mode: psk, pskFile: ${psk}, pskFileOld: ${old} }`;
      const node = `node: { dataDir: ${station.directory} }`;
      await writeFile(file, `${node}\nadmin: { tokenFile: ${token} }\n${access}\n`);
      const argv = ['import', root, '--config', file, '--json'];
      const { json, stderr } = await run(argv, { env: { RANGEMESH_TOKEN: TOKEN } });
      assert.equal(stderr, '');
      const { imported, skipped } = json().at(-1);
      assert.deepEqual([imported, skipped.ownFile], [1, 11]);
      assert.equal(station.node.items.size, 1);
    });

    it('takes nothing of any data directory or LevelDB database, where only a URL is given', async () => {
      const root = await tree({
        ...{ a: 'one', 'b/identity.key': 'theirs', 'b/db/000005.ldb': 'payloads' },
        ...{ 'c/CURRENT': 'MANIFEST-000001', 'c/MANIFEST-000001': '', 'd/CURRENT': 'no database' },
      });
      const far = (...argv: string[]) =>
        run([...argv, '--url', station.url, '--json'], { env: { RANGEMESH_TOKEN: TOKEN } });
      const lines = (await far('import', root)).json();
      assert.equal(lines.at(-1).imported, 2);
      const own = lines.filter(({ reason }) => reason === 'ownFile').map(({ path }) => path);
      assert.deepEqual(own, [join(root, 'b'), join(root, 'c')]);
      station.node.items.clear();
      for (const path of ['b/identity.key', 'b/db/000005.ldb', 'c/CURRENT']) {
        for (const verb of ['put', 'import']) {
          const { exitCode, stderr } = await far(verb, join(root, path));
          assert.equal(exitCode, 64, path);
          assert.match(stderr, /lies in a data directory or a LevelDB database/);
        }
      }
      assert.equal((await far('import', join(root, 'b/db'))).exitCode, 64);
      assert.equal(station.node.items.size, 0);
    });

    it('skips what the daemon knows as its own, and goes on', async () => {
      const root = await tree({ a: 'one', b: 'two' });
      station.node.fault = new DaemonError('OWN_SECRET', 'it is mine');
      const { exitCode, json } = await call(root, '--json');
      const { skipped, failed, stopped } = json().at(-1);
      assert.deepEqual([exitCode, skipped.ownFile, failed, stopped], [0, 2, 0, null]);
    });

    it('stores none of it by a put either', async () => {
      const refused = [
        await run(['put', key('identity.key'), ...station.target]),
        await run(['put', key('db/000001.ldb'), ...station.target]),
        await run(['put', ...station.target], { stdin: ['the private key'] }),
      ];
      for (const { exitCode, stderr } of refused) {
        assert.equal(exitCode, 64);
        assert.match(stderr, /is a key or a token of a node, or lies in a data directory/);
      }
      assert.equal(station.node.items.size, 0);
    });
  });

  describe('of NDJSON', () => {
    it('makes one item a line as it stands, its hint from the field', async () => {
      const lines = ['{"hint":5,"x":1}', '{ "hint": "6" }\r', '', '{"hint":7,"ü":"\\u00fc"}'];
      const { exitCode, json } = await ndjson(lines.join('\n'));
      assert.equal(exitCode, 0);
      const out = json();
      assert.equal(out.at(-1).imported, 3);
      assert.equal(out.at(-1).skipped.blankLine, 1);
      const ids = out.flatMap(({ id }) => id ?? []).sort();
      const expected = [idOf(5n, lines[0]!), idOf(6n, '{ "hint": "6" }'), idOf(7n, lines[3]!)];
      assert.deepEqual(ids, expected.sort());
      assert.ok(out.some(({ path, line, hint }) => path === '-' && line === 4 && hint === '7'));
    });

    it('reads a file, and keeps large hints exact', async () => {
      const file = join(station.scratch, 'events.ndjson');
      const line = '{"created_at":18446744073709551614,"inner":{"created_at":3}}';
      await writeFile(file, `${line}\n`);
      const { json } = await call(file, '--hint-field', 'created_at', '--json');
      assert.equal(json()[0].hint, '18446744073709551614');
      assert.equal(json()[0].path, file);
      const first = '{"inner":{"hint":9007199254740999},"hint":9007199254740993}';
      assert.equal((await ndjson(first)).json()[0].hint, '9007199254740993');
    });

    it('reports bad lines by number and imports the others', async () => {
      const lines = [
        '{"hint":1}',
        'nonsense',
        '[1]',
        '{"hnt":1}',
        '{"hint":-1}',
        '{"hint":1.5}',
        '{"hint":1e19}',
        '{"hint":null}',
        '{"hint":{"hint":4}}',
        '{"hint":18446744073709551615}',
        `{"hint":1,"x":"${'y'.repeat(2_000)}"}`,
        '{"hint":2}',
      ];
      const argv = ['import', '-', '--max-bytes', '1KB', ...station.target];
      const { exitCode, stdout, stderr } = await run(argv, { stdin: [lines.join('\n')] });
      assert.equal(exitCode, 1);
      for (const number of [2, 3, 4, 5, 6, 7, 8, 9, 10]) {
        assert.match(stderr, new RegExp(`^rangemesh: -:${number}: `, 'm'));
      }
      assert.match(stderr, /-:4: .*no field "hint"; name the field with --hint-field/);
      assert.match(stderr, /-:10: .*\[INVALID_HINT\]/);
      assert.match(stdout, /^imported 2 items/m);
      assert.match(stdout, /^skipped 1 above 1000 B/m);
      assert.match(stdout, /^failed 9$/m);
      const invalid = await run(['import', '-', ...station.target], {
        stdin: [Uint8Array.of(0x7b, 0xff, 0x7d)],
      });
      assert.match(invalid.stderr, /-:1: the line is not UTF-8/);
    });
  });
});

describe('lines', () => {
  const split = async (content: string, chunk: number, maxBytes: number) => {
    const bytes = text(content);
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    })();
    const lines: string[] = [];
    for await (const { number, bytes: line } of readLines(chunks, maxBytes)) {
      lines.push(`${number}:${line === null ? 'too long' : new TextDecoder().decode(line)}`);
    }
    return lines;
  };

  it('are the same however the stream is cut', async () => {
    const content = 'ab\r\n\nabcd\nabcd\r\nabcde\nabcde\r\nx';
    const expected = ['1:ab', '2:', '3:abcd', '4:abcd', '5:too long', '6:too long', '7:x'];
    for (let chunk = 1; chunk <= content.length; chunk++) {
      assert.deepEqual(await split(content, chunk, 4), expected);
    }
    assert.deepEqual(await split('', 1, 4), []);
    assert.deepEqual(await split('\n', 1, 4), ['1:']);
  });
});
