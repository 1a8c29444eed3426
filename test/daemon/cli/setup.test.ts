import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../src/daemon/index.ts';
import { parsePsk } from '../../../src/daemon/keys/index.ts';
import { run } from './terminal.ts';

describe('making a node on the command line', () => {
  let scratch: string;

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'rangemesh-setup-'));
  });
  after(() => rm(scratch, { recursive: true }));

  describe('init', () => {
    it('writes a configuration that is valid, and never over another', async () => {
      const directory = join(scratch, 'new', 'mesh');
      const { exitCode, stderr } = await run(['init', directory]);
      assert.equal(exitCode, 0);
      assert.match(stderr, /rangemesh start --config/);
      const file = join(directory, 'rangemesh.yaml');
      const status = await run(['status', '--config', file]);
      assert.match(status.stderr, /no daemon runs on .*mesh\/data/);
      await writeFile(file, 'mine');
      const again = await run(['init', directory]);
      assert.equal(again.exitCode, 64);
      assert.match(again.stderr, /is there already and stays as it is/);
      assert.equal(await readFile(file, 'utf8'), 'mine');
      const other = join(scratch, 'json');
      await mkdir(other);
      const { json } = await run(['init', other, '--json']);
      const { peerId, ...rest } = json()[0];
      assert.deepEqual(rest, { config: join(other, 'rangemesh.yaml') });
      assert.match(peerId, /^12D3KooW/);
    });

    it('makes identity and token at once, with the identity that is there, and writes the values of its flags', async () => {
      const cwd = join(scratch, 'flags');
      await mkdir(cwd);
      const id = (await run(['id', '--data-dir', 'b/data'], { cwd })).stdout.trim();
      const argv = ['init', 'b', '--network', 'n', '--access', 'list', '--allow', id, '--json'];
      argv.push('--listen', '/ip4/127.0.0.1/tcp/1', '--peer', `/ip4/192.0.2.1/tcp/1/p2p/${id}`);
      argv.push('--admin-port', '0', '--set', 'limits.maxItemBytes=2MiB');
      const { exitCode, json, stderr } = await run(argv, { cwd });
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.equal(json()[0].peerId, id);
      const read = (file: string) => readFile(file, 'utf8');
      const config = await loadConfig({ file: 'b/rangemesh.yaml', cwd, read });
      assert.deepEqual(config.network.peers, [`/ip4/192.0.2.1/tcp/1/p2p/${id}`]);
      assert.deepEqual(config.network.listen, ['/ip4/127.0.0.1/tcp/1']);
      assert.deepEqual([config.access.mode, config.access.peers], ['list', [id]]);
      assert.deepEqual([config.network.name, config.admin.port], ['n', 0]);
      assert.equal(config.limits.maxItemBytes, 2 * 2 ** 20);
      assert.deepEqual((await readdir(join(cwd, 'b/data'))).sort(), [
        'admin.token',
        'identity.key',
      ]);
      const template = await read(
        fileURLToPath(new URL('../../../config/default.yaml', import.meta.url)),
      );
      const comments = (yaml: string) => yaml.split('\n').filter((line) => /^ *# [^y]/.test(line));
      assert.deepEqual(comments(await read(join(cwd, 'b/rangemesh.yaml'))), comments(template));
    });

    it('can be given again after it failed', async () => {
      const directory = join(scratch, 'again');
      const token = join(scratch, 'token');
      await writeFile(token, 'short');
      const argv = ['init', directory, '--token-file', token];
      const failed = await run(argv);
      assert.match(failed.stderr, /\[TOKEN_UNREADABLE\]/);
      await rm(token);
      const { exitCode, stderr } = await run(argv);
      assert.equal(exitCode, 0, stderr);
    });

    it('says that there is a file where it should make a directory', async () => {
      const file = join(scratch, 'notes.txt');
      await writeFile(file, 'mine');
      for (const path of [file, join(file, 'below')]) {
        const { exitCode, stderr } = await run(['init', path]);
        assert.equal(exitCode, 64);
        assert.match(stderr, /notes\.txt.*: there is a file where a directory must be \[USAGE\]/);
      }
    });

    it('says that no peer can connect while the access list is empty', async () => {
      const advice = async (...argv: string[]) =>
        (await run(['init', join(scratch, `list-${argv.length}`), ...argv])).stderr;
      const id = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
      assert.match(await advice('--access', 'list'), /^no peer can connect yet: /m);
      assert.doesNotMatch(await advice('--access', 'list', '--allow', id), /no peer/);
      assert.doesNotMatch(await advice(), /no peer/);
    });

    it('obeys the environment as start does', async () => {
      const dataDir = join(scratch, 'elsewhere');
      const env = { RANGEMESH_NODE_DATA_DIR: dataDir };
      const { stdout } = await run(['init', join(scratch, 'env')], { env });
      const id = (await run(['id'], { env })).stdout.trim();
      assert.ok(stdout.includes(`the peer id is ${id}; its key lies in ${dataDir}\n`), stdout);
      assert.deepEqual(await readdir(join(scratch, 'env')), ['rangemesh.yaml']);
    });

    it('makes the identity that the systemd unit starts with', async () => {
      const root = new URL('../../../', import.meta.url);
      const page = await readFile(new URL('docs/operations.md', root), 'utf8');
      const unit = await readFile(new URL('deploy/systemd/rangemesh.service', root), 'utf8');
      const here = (text: string) => text.replace(/\/(etc|var)\//g, `${scratch}/root/$1/`);
      const [, words = ''] = /rangemesh\.js (init \/etc[^#\n]*)/.exec(page) ?? [];
      assert.equal((await run(here(words).trim().split(/ +/))).exitCode, 0);
      const [, file = ''] = /--config %E(\S+)/.exec(unit) ?? [];
      const read = (path: string) => readFile(path, 'utf8');
      const { node } = await loadConfig({ file: here(`/etc${file}`), env: {}, cwd: scratch, read });
      const state = /^StateDirectory=(.*)$/m.exec(unit)?.[1];
      assert.equal(node.dataDir, join(scratch, 'root/var/lib', state!));
      assert.ok((await readdir(node.dataDir)).includes('identity.key'));
    });

    it('asks who may write before it opens a node to the network', async () => {
      const argv = ['init', 'open', '--listen', '/ip4/0.0.0.0/tcp/9463'];
      const { exitCode, stderr } = await run(argv, { cwd: scratch });
      assert.equal(exitCode, 78);
      assert.match(stderr, /access\.mode: must be given/);
    });
  });

  describe('id', () => {
    it('says where it made an identity, and is silent where there is one', async () => {
      const dataDir = join(scratch, 'typo');
      const first = await run(['id', '--data-dir', dataDir]);
      assert.equal(first.stderr, `rangemesh: made a new identity, ${dataDir}/identity.key\n`);
      const second = await run(['id', '--data-dir', dataDir]);
      assert.deepEqual([second.stdout, second.stderr], [first.stdout, '']);
    });
  });

  describe('keygen', () => {
    it('makes a pre-shared key on standard output, or in a new file for its owner', async () => {
      const { stdout } = await run(['keygen', 'psk']);
      assert.equal(new TextDecoder().decode(parsePsk(stdout)), stdout.trim());
      const argv = ['keygen', 'psk', '--out', 'x.psk'];
      const made = await run(argv, { cwd: scratch });
      assert.equal(made.exitCode, 0);
      const path = join(scratch, 'x.psk');
      assert.equal(made.stdout, `wrote ${path}\n`);
      assert.match(made.stderr, /^copy it to each node/);
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      parsePsk(await readFile(path));
      const again = await run(argv, { cwd: scratch });
      assert.equal(again.exitCode, 64);
      assert.match(again.stderr, /is there already and stays as it is/);
    });
  });
});
