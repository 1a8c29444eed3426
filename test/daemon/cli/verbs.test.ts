import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { DaemonError } from '../../../src/daemon/index.ts';
import { bytesToHex, itemId } from '../../../src/store/index.ts';
import { TOKEN } from '../admin/running-admin.ts';
import { peerStatus } from '../peer-status.ts';
import { openStation, run, type Station } from './terminal.ts';

const text = (content: string) => new TextEncoder().encode(content);
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const HELLO = bytesToHex(itemId(7n, text('hello')));

describe('command line', () => {
  let station: Station;
  const call = (...argv: string[]) => run([...argv, ...station.target]);

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => {
    station.node.items.clear();
    station.node.dialled.length = 0;
    station.node.fault = null;
    station.node.breakage = null;
  });

  describe('usage', () => {
    it('has help with examples for every verb, and prints its version', async () => {
      const verbs = [
        'start',
        'init',
        'id',
        'keygen',
        'put',
        'get',
        'why',
        'ls',
        'changes',
        'import',
        'refuse',
        'unrefuse',
        'refused',
        'status',
        'probe',
        'peers',
        'sync',
        'synced',
        'diff',
        'sessions',
        'wants',
        'events',
        'verify',
        'completion',
        'compact',
        'doctor',
        'pause',
        'resume',
        'config',
        'log',
      ];
      for (const verb of verbs) {
        const { exitCode, stdout } = await run([verb, '--help']);
        assert.equal(exitCode, 0);
        assert.match(
          stdout,
          new RegExp(`Examples:[\\s\\S]*rangemesh ${verb}|\\| rangemesh ${verb}`),
        );
      }
      assert.equal((await run(['--version'])).stdout, '1.2.3\n');
    });

    it('exits with 64 for unknown arguments', async () => {
      const wrong = [
        [],
        ['strat'],
        ['get'],
        ['get', 'xyz'],
        ['put', '--nope'],
        ['put', '--hint', '-1'],
        ['put', '--hint', '18446744073709551615'],
        ['ls', '--to', '18446744073709551616'],
        ['ls', '--limit', '0'],
        ['changes', '--since', 'x'],
        ['changes', '--since', '5', ...station.target],
        ['help', 'nope'],
        ['--url', 'http://127.0.0.1:1', 'init', 'x'],
        ['import', 'x', '--max-bytes', '1X'],
        ['import', 'x', '--concurrency', '0'],
        ['import', 'x', '--concurrency', '129'],
        ['start', '--set', 'nonsense'],
        ['status', '--url', 'ftp://x'],
        ['sync', 'foo', ...station.target],
        ['peers', 'forget', 'foo', ...station.target],
      ];
      for (const argv of wrong) {
        const { exitCode, stderr, stdout } = await run(argv);
        assert.deepEqual([exitCode, stdout], [64, ''], argv.join(' '));
        assert.ok(stderr.length > 0);
        assert.doesNotMatch(stderr, /^\s+at /m);
      }
      assert.match((await run(['strat'])).stderr, /Did you mean start\?/);
    });

    it('shows the help of a verb by its name, also of one below another', async () => {
      const { exitCode, stdout } = await run(['help', 'peers', 'add']);
      assert.deepEqual([exitCode, stdout], [0, (await run(['peers', 'add', '--help'])).stdout]);
      assert.match((await run(['help'])).stdout, /^Usage: rangemesh \[options\] \[command\]/);
    });

    it('takes options before a verb as behind it', async () => {
      const { exitCode, json } = await run(['--json', ...station.target, 'status']);
      assert.deepEqual([exitCode, json()[0].peerId], [0, 'self']);
      const twice = await run(['--data-dir', 'nowhere', 'status', ...station.target]);
      assert.equal(twice.exitCode, 0, 'the one behind the verb counts');
      const added = await run([...station.target, 'peers', 'add', '/ip4/192.0.2.1/tcp/1']);
      assert.match(added.stdout, /^other/);
      const below = await run(['--json', ...station.target, 'refused', 'ls']);
      assert.deepEqual([below.exitCode, below.json()[0].by], [0, 'operator']);
      const untaken = await run([...station.target, 'keygen', 'psk']);
      assert.match(untaken.stderr, /psk takes no option '--/);
    });
  });

  describe('finding the daemon', () => {
    it('uses the configuration, ./rangemesh.yaml, a directory or a URL', async () => {
      const file = join(station.directory, 'rangemesh.yaml');
      await writeFile(file, 'node: { dataDir: . }\n');
      const ways = [
        run(['status', '--config', file]),
        run(['status', '--config', 'rangemesh.yaml'], { cwd: station.directory }),
        run(['status'], { cwd: station.directory }),
        run(['status'], { env: { RANGEMESH_CONFIG: file } }),
        run(['status'], { env: { RANGEMESH_NODE_DATA_DIR: station.directory } }),
        run(['status', '--data-dir', station.directory]),
        run(['status', '--url', `${station.url}/`]),
        run(['status'], { env: { RANGEMESH_URL: station.url } }),
      ];
      for (const { exitCode, stderr } of await Promise.all(ways)) {
        assert.deepEqual([exitCode, stderr], [0, '']);
      }
      await rm(file);
    });

    it('probes a daemon for health checks, which need the exit code alone', async () => {
      for (const state of ['live', 'ready']) {
        const { exitCode, stdout } = await call('probe', state);
        assert.deepEqual([exitCode, stdout], [0, `${state}\n`]);
      }
      station.node.breakage = { code: 'STORE_WRITE_FAILED', message: 'the disk is gone' };
      const { exitCode, stderr } = await call('probe', 'live');
      assert.deepEqual([exitCode, stderr], [1, 'rangemesh: the disk is gone [NOT_ALIVE]\n']);
      assert.equal((await run(['probe', 'live', '--url', 'http://127.0.0.1:1'])).exitCode, 69);
      assert.equal((await call('probe', 'dead')).exitCode, 64);
    });

    it('says what to do when no daemon is found', async () => {
      const nowhere = await run(['status', '--data-dir', join(station.directory, 'none')]);
      assert.equal(nowhere.exitCode, 69);
      assert.match(nowhere.stderr, /no daemon runs on .*rangemesh start.*ADMIN_UNREACHABLE/s);
      const dead = await run(['status', '--url', 'http://127.0.0.1:1']);
      assert.equal(dead.exitCode, 69);
      assert.match(dead.stderr, /no daemon can be reached at .*ADMIN_UNREACHABLE/);
    });

    it('sends a token only where it belongs', async () => {
      const bare = await run(['put', '--url', station.url], { stdin: ['x'] });
      assert.equal(bare.exitCode, 1);
      assert.match(bare.stderr, /UNAUTHORIZED/);
      const env = { RANGEMESH_TOKEN: TOKEN };
      assert.equal((await run(['put', '--url', station.url], { env, stdin: ['x'] })).exitCode, 0);
      const file = join(station.directory, 'admin.token');
      const byFile = ['put', '--url', station.url, '--token-file', file];
      assert.equal((await run(byFile, { stdin: ['x'] })).exitCode, 0);
      const missing = ['put', '--url', station.url, '--token-file', 'nope'];
      assert.equal((await run(missing, { stdin: ['x'] })).exitCode, 64);
    });

    it('tells nothing to a daemon of another directory, or to another program', async () => {
      const other = await openStation();
      const heard: string[] = [];
      const stranger = createServer((request, response) => {
        heard.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
        response.end('{}');
      });
      try {
        stranger.listen(0, '127.0.0.1');
        await once(stranger, 'listening');
        const { port } = stranger.address() as AddressInfo;
        const stale = `http://127.0.0.1:${port}`;
        const file = join(other.directory, 'admin.json');
        const { key } = JSON.parse(await readFile(file, 'utf8'));
        const answered = [
          { url: stale, pid: 1, key },
          { url: stale, pid: 1 },
          { url: station.url, pid: 1, key: '00'.repeat(32) },
          { url: station.url, pid: 1, key },
        ];
        for (const content of answered) {
          await writeFile(file, JSON.stringify(content));
          for (const verb of ['status', 'put', 'import']) {
            const argv = [verb, ...(verb === 'status' ? [] : ['-']), ...other.target];
            const ran = await run(argv, { stdin: ['{"hint":1}\n'] });
            assert.equal(ran.exitCode, 69, `${verb} ${JSON.stringify(content)} ${ran.stderr}`);
            assert.match(ran.stdout + ran.stderr, /is not the daemon of .*\[NOT_THIS_DAEMON\]/);
          }
        }
        assert.equal(station.node.items.size, 0);
        assert.ok(heard.length > 0);
        for (const line of heard) assert.match(line, /^GET \/v1\/identity\/[0-9a-f]{64} $/);
      } finally {
        stranger.close();
        await other.close();
      }
    });

    it('refuses a wrong configuration with 78 and without a stack', async () => {
      const { exitCode, stderr } = await run(['status'], { env: { RANGEMESH_ADMIN_PROT: '1' } });
      assert.equal(exitCode, 78);
      assert.match(
        stderr,
        /^rangemesh: configuration: RANGEMESH_ADMIN_PROT: .*\[CONFIG_INVALID\]\n$/,
      );
    });
  });

  describe('put and get', () => {
    it('stores standard input or a file', async () => {
      const piped = await run(['put', '--hint', '7', ...station.target], { stdin: ['hel', 'lo'] });
      assert.equal(piped.stdout, `${HELLO}\n`);
      const file = join(station.scratch, 'hello.txt');
      await writeFile(file, 'hello');
      const again = await call('put', file, '--hint', '7', '--json');
      assert.deepEqual(again.json(), [{ id: HELLO, hint: '7', created: false }]);
      const missing = await call('put', join(station.directory, 'nope'));
      assert.equal(missing.exitCode, 64);
      assert.match(missing.stderr, /cannot read .*ENOENT.*; check the path \[USAGE\]/);
      const folder = await call('put', station.scratch);
      assert.match(folder.stderr, /EISDIR.*store the files of a directory with "rangemesh import"/);
    });

    it('writes to no directory, and over no file of a node', async () => {
      await run(['put', '--hint', '7', ...station.target], { stdin: ['hello'] });
      for (const path of [station.scratch, join(station.scratch, 'none', 'x')]) {
        const { exitCode, stderr } = await call('get', HELLO, '-o', path);
        assert.equal(exitCode, 64);
        assert.match(stderr, /cannot write .*(EISDIR|ENOENT).*\[USAGE\]/);
      }
      for (const name of ['admin.token', 'identity.key']) {
        const { exitCode, stderr } = await call('get', HELLO, '-o', join(station.directory, name));
        assert.equal(exitCode, 64);
        assert.match(stderr, /is a file of a node, or lies in a data directory/);
      }
      const read = await call('get', '--manifest', station.scratch, 'x');
      assert.equal(read.exitCode, 64);
      assert.match(read.stderr, /cannot read the manifest .*EISDIR.*\[USAGE\]/);
    });

    it('stops reading at the limit', async () => {
      const endless = (function* () {
        for (let i = 0; i < 100; i++) yield new Uint8Array(1_000);
      })();
      const argv = ['put', '--max-bytes', '50KB', ...station.target];
      const { exitCode, stderr } = await run(argv, { stdin: endless });
      assert.equal(exitCode, 65);
      assert.match(stderr, /longer than 50000 bytes; raise --max-bytes.*\[INPUT_TOO_LARGE\]/);
    });

    it('passes on refusals of the daemon', async () => {
      const { exitCode, stderr } = await run(['put', ...station.target], {
        stdin: [new Uint8Array(70_000)],
      });
      assert.equal(exitCode, 1);
      assert.match(stderr, /at most 65536 bytes.*\[ITEM_TOO_LARGE\]/);
    });

    it('returns the exact bytes, to standard output, a file, or as JSON', async () => {
      await run(['put', '--hint', '7', ...station.target], { stdin: ['hello'] });
      assert.equal((await call('get', HELLO)).stdout, 'hello');
      assert.deepEqual((await call('get', HELLO.toUpperCase(), '--json')).json(), [
        { id: HELLO, hint: '7', bytes: 5, base64: 'aGVsbG8=' },
      ]);
      const file = join(station.scratch, 'out');
      assert.equal((await call('get', HELLO, '-o', file)).stdout, '');
      assert.equal(await readFile(file, 'utf8'), 'hello');
      const absent = await call('get', '00'.repeat(32));
      assert.equal(absent.exitCode, 1);
      assert.match(absent.stderr, /"rangemesh why" gives the reason \[NOT_FOUND\]/);
    });
  });

  describe('status, peers and sync', () => {
    it('shows the status to people and programs', async () => {
      const { stdout } = await call('status');
      assert.match(stdout, /^peer id +self$/m);
      assert.match(stdout, /^fingerprint +(ab){32}$/m);
      assert.deepEqual((await call('status', '--json')).json()[0].set.items, 0);
    });

    it('adds and lists peers, the target given before or after', async () => {
      const none = await call('peers');
      assert.deepEqual([none.exitCode, none.stdout], [0, '']);
      assert.match(none.stderr, /^no peers; add one/);
      const address = '/ip4/192.0.2.1/tcp/1';
      const added = await call('peers', 'add', address, '--json');
      assert.equal(added.json()[0].address, address);
      const before = await run(['peers', ...station.target, 'add', address]);
      assert.match(before.stdout, /^other {2}connected, in sync, added {2}\/ip4/);
      assert.match((await call('peers')).stdout, /other {2}connected, in sync/);
      assert.equal((await call('peers', '--json')).json()[0].peers.length, 2);
      station.node.fault = new DaemonError('INVALID_ADDRESS', 'not an address');
      const wrong = await call('peers', 'add', 'x');
      assert.equal(wrong.exitCode, 64);
      assert.match(wrong.stderr, /not an address \[INVALID_ADDRESS\]/);
    });

    it('shows peers as a table on a terminal, with all facts by --wide', async () => {
      await call('peers', 'add', '/ip4/192.0.2.1/tcp/1');
      const on = (...argv: string[]) =>
        run(['peers', ...argv, ...station.target], { outTty: true, env: { NO_COLOR: '1' } });
      const { stdout } = await on();
      assert.match(
        stdout,
        /^PEER +CONNECTED .*\nother +yes +yes +- +\/ip4\/192\.0\.2\.1\/tcp\/1\n$/,
      );
      assert.equal((await on('--wide')).stdout, (await call('peers')).stdout);
      assert.equal((await on('--json')).stdout, (await call('peers', '--json')).stdout);
    });

    it('removes an address, and fails for an unknown one', async () => {
      const address = '/ip4/192.0.2.1/tcp/1';
      await call('peers', 'add', address);
      const removed = await call('peers', 'remove', address);
      assert.equal(removed.stdout, `${address}  is not dialled any more\n`);
      await call('peers', 'add', address);
      const json = (await call('peers', 'remove', address, '--json')).json();
      assert.deepEqual(json, [{ removed: [address] }]);
      const again = await call('peers', 'remove', address);
      assert.equal(again.exitCode, 1);
      assert.match(again.stderr, /\[UNKNOWN_ADDRESS\]/);
    });

    it('forgets a peer', async () => {
      const { exitCode, stdout } = await call('peers', 'forget', PEER);
      assert.deepEqual([exitCode, stdout], [0, `${PEER}  is forgotten\n`]);
      assert.deepEqual(station.node.forgotten.splice(0), [PEER]);
    });

    it('forgets the penalties of a peer', async () => {
      const { exitCode, stdout } = await call('peers', 'pardon', PEER);
      assert.deepEqual([exitCode, stdout], [0, `${PEER}  has no penalties any more\n`]);
      assert.deepEqual(station.node.pardoned.splice(0), [PEER]);
    });

    it('shows no comparison for peers without a session', async () => {
      const peers = station.node.peers;
      station.node.peers = () => [peerStatus({ origin: 'runtime' })];
      const { stdout } = await call('peers');
      station.node.peers = peers;
      assert.match(
        stdout,
        /^not reached yet {2}not connected, not known to be equal, added {2}\/ip4/,
      );
    });

    it('runs sessions, and has exit codes for failures and for sets that are not equal', async () => {
      const end = 'alone: no peer is connected\n';
      const equal = await call('sync');
      assert.deepEqual(
        [equal.exitCode, equal.stdout],
        [0, `other  equal\nthe sets are equal; ${end}`],
      );
      assert.equal((await call('sync', PEER, '--json')).json()[0].sessions[0].peerId, PEER);
      const { sync } = station.node;
      const error = { code: 'TIMEOUT', message: 'too slow' };
      const session = { peerId: 'p', equal: false, missing: 0, missingThere: 0, refused: 1 };
      station.node.sync = async () => [{ ...session, error }];
      const failed = await call('sync');
      station.node.sync = async () => [{ ...session, error: null }];
      const different = await call('sync');
      station.node.sync = async () => [];
      const alone = await call('sync');
      station.node.sync = sync;
      const unequal = `the sets are not known to be equal; ${end}`;
      assert.deepEqual(
        [failed.exitCode, failed.stdout],
        [1, `p  failed: too slow [TIMEOUT]\n${unequal}`],
      );
      assert.equal(failed.stderr, 'rangemesh: the session with p failed: too slow [TIMEOUT]\n');
      assert.equal(different.exitCode, 3);
      assert.match(different.stdout, /^p {2}different: 0 items missing here.*, 1 refused here\n/);
      assert.deepEqual([alone.exitCode, alone.stdout], [3, unequal]);
    });

    it('says on a terminal that sessions run', async () => {
      const { stderr } = await run(['sync', ...station.target], { tty: true });
      assert.match(stderr, /running sessions · 0 s/);
      assert.equal((await call('sync')).stderr, '');
    });

    it('says last how many sessions failed, and exits with 4 where peers speak another dialect', async () => {
      const { sync } = station.node;
      const session = { equal: false, missing: 0, missingThere: null, refused: 0 };
      const failed = (peerId: string, code: string) => {
        return { ...session, peerId, error: { code, message: 'no' } };
      };
      const mute = failed('p', 'UNSUPPORTED_PROTOCOL');
      station.node.sync = async () => [{ ...session, peerId: 'o', error: null }, mute];
      const other = await call('sync', '--json');
      assert.deepEqual([other.exitCode, other.json()[0].sessions.length], [4, 2]);
      assert.deepEqual(JSON.parse(other.stderr), {
        code: 'UNSUPPORTED_PROTOCOL',
        message: '1 of 2 sessions failed, with p: no',
      });
      station.node.sync = async () => [mute, failed('q', 'TIMEOUT')];
      const both = await call('sync');
      assert.equal(both.exitCode, 1, 'the other failure weighs more');
      assert.match(both.stderr, /^rangemesh: 2 of 2 sessions failed, the first with p: no \[UNS/);
      station.node.sync = async () => {
        throw new DaemonError('NO_COMMON_DIALECT', 'speaks no dialect');
      };
      const refused = await call('sync', PEER);
      station.node.sync = sync;
      assert.deepEqual([refused.exitCode, refused.stdout], [4, '']);
    });
  });
});
