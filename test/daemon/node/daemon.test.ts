import assert from 'node:assert/strict';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Status } from '../../../src/daemon/index.ts';
import { placeAt, proofOf } from '../../../src/daemon/testing.ts';
import { InvariantError, ITEM_OVERHEAD_BYTES, invariant } from '../../../src/store/index.ts';
import { type LocalDaemon, LocalDaemons } from '../../e2e/support/in-process.ts';
import { until } from '../../e2e/support/mesh.ts';

const encoder = new TextEncoder();
/** With no peers but those it is given, and little to write to disk. */
const ALONE = { 'network.discovery': 'false', 'scrub.itemsPerSecond': '0' };

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Waits until one knows of a session that ended well with the other; returns that status. */
function met(daemon: LocalDaemon): Promise<Status> {
  return until(
    () => daemon.client.status(),
    ({ peers }) => peers.some(({ lastSession }) => lastSession?.error === null),
    15_000,
  );
}

describe('a daemon built from its configuration', () => {
  it('passes limits, degree, name and push to its parts', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const { client, daemon } = await daemons.start('a', {
      ...ALONE,
      'network.name': 'other',
      'network.degree': '3',
      'push.enabled': 'false',
      'limits.maxItemBytes': '100B',
      'limits.maxSetBytes': `${150 + 2 * ITEM_OVERHEAD_BYTES}B`,
    });
    const { mesh, network, push, peerId } = await client.status();
    assert.deepEqual([mesh.degree, network, push, peerId], [3, 'other', null, daemon.peerId]);
    const put = async (bytes: number) => {
      const { status, text } = await client.send('POST', '/v1/items', new Uint8Array(bytes));
      return [status, JSON.parse(text).code];
    };
    assert.deepEqual(await put(101), [413, 'ITEM_TOO_LARGE']);
    assert.deepEqual(await put(100), [201, undefined]);
    assert.deepEqual(await put(51), [507, 'SET_FULL']);
    assert.deepEqual(await put(50), [201, undefined]);
    const { scrub } = await client.status();
    assert.deepEqual(scrub, { running: false, checked: 0, passes: 0 });
  });

  it('goes on after a broken invariant of a commit, and must end after one of the process', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const { client, daemon } = await daemons.start('a', ALONE);
    let failure: Error | null = null;
    const failed = daemon.failed.then((reason) => {
      failure = reason;
    });
    assert.throws(() => invariant(false, 'commit', 'SET_COUNTS', -1), InvariantError);
    assert.equal((await client.put(encoder.encode('still here'))).created, true);
    assert.equal(failure, null);
    const { incidents } = await client.status();
    assert.deepEqual(
      incidents.map(({ code }) => code),
      ['INVARIANT_BROKEN'],
    );
    assert.throws(() => invariant(false, 'process', 'COMMIT_ORDER', 7), InvariantError);
    await failed;
    assert.match(String(failure), /COMMIT_ORDER does not hold \(seen: 7\)/);
  });

  it('has a set without a limit where the limit is 0', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const { client } = await daemons.start('a', { ...ALONE, 'limits.maxSetBytes': '0' });
    assert.equal((await client.put(new Uint8Array(1_000))).created, true);
    assert.notEqual((await client.status()).push, null, 'push is on by itself');
  });

  it('stores no key and no token of its own, with or without white space around', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const { client, daemon } = await daemons.start('a', ALONE);
    for (const name of ['identity.key', 'admin.token', 'admin.json']) {
      const content = await readFile(join(daemons.path('a'), name));
      const text = content.toString();
      for (const payload of [
        content,
        encoder.encode(text.trim()),
        encoder.encode(`\n ${text}\t`),
      ]) {
        const answer = await client.send('POST', '/v1/items', payload);
        assert.deepEqual([answer.status, JSON.parse(answer.text).code], [422, 'OWN_SECRET'], name);
        await assert.rejects(daemon.node.put(payload), { code: 'OWN_SECRET' });
      }
      assert.equal((await client.put(content.subarray(1))).created, true, 'another payload');
    }
  });

  it('writes its address file while it runs, and may be stopped twice', async (context) => {
    const daemons = await LocalDaemons.create(context);
    for (let round = 0; round < 2; round++) {
      const started = await daemons.start('a', ALONE);
      const { daemon, client } = started;
      const directory = daemons.path('a');
      const file = join(directory, 'admin.json');
      const { url, pid, key } = JSON.parse(await readFile(file, 'utf8'));
      assert.deepEqual([url, pid], [daemon.admin, process.pid]);
      assert.equal((await client.send('GET', '/livez')).status, 200);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      const challenge = '0f'.repeat(32);
      const { text } = await client.send('GET', `/v1/identity/${challenge}`);
      const proof = proofOf(key, await placeAt(directory), challenge);
      assert.deepEqual(JSON.parse(text), { proof });
      const { id } = await client.put(encoder.encode('kept'), 1n);
      await daemons.stop(started);
      await daemon.stop();
      assert.equal(await exists(file), false, 'no client is sent to a daemon that is gone');
      assert.equal(daemon.node.broken()?.code, 'STORE_CLOSED');
      assert.equal(id.length, 64);
      const names = await readdir(directory);
      for (const name of ['admin.token', 'commit', 'db']) assert.ok(names.includes(name), name);
    }
  });

  it('that cannot start leaves nothing running, and its directory usable', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const first = await daemons.start('a', ALONE);
    const port = new URL(first.daemon.admin).port;
    for (let round = 0; round < 2; round++) {
      await assert.rejects(daemons.start('b', { ...ALONE, 'admin.port': port }), {
        code: 'LISTEN_FAILED',
      });
    }
    await assert.rejects(daemons.start('a', ALONE), { code: 'DATA_DIR_IN_USE' });
    const second = await daemons.start('b', ALONE);
    assert.equal((await second.client.send('GET', '/livez')).status, 200);
  });

  it('listens on its socket, and tells the command line', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const socket = `${daemons.path('a')}.sock`;
    const { daemon } = await daemons.start('a', { ...ALONE, 'admin.socket': 'a.sock' });
    const file = JSON.parse(await readFile(join(daemons.path('a'), 'admin.json'), 'utf8'));
    assert.deepEqual([file.socket, file.cert], [socket, null]);
    assert.equal((await stat(socket)).mode & 0o777, 0o600);
    await daemon.stop();
    assert.equal(await exists(socket), false);
  });

  it('does not start without a file of its certificate', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const missing = { 'admin.tls.cert': 'none.pem', 'admin.tls.key': 'none.key' };
    for (let round = 0; round < 2; round++) {
      const refused = {
        code: 'TLS_UNREADABLE',
        exitCode: 65,
        message: /none\.pem.*admin\.tls\.cert/,
      };
      await assert.rejects(daemons.start('a', { ...ALONE, ...missing }), refused);
    }
    const half = daemons.start('a', { ...ALONE, 'admin.tls.cert': 'none.pem' });
    await assert.rejects(half, {
      code: 'CONFIG_INVALID',
      message: /admin\.tls\.key: must be given/,
    });
  });

  it('speaks the configured dialect, and the better one by default', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const listener = await daemons.start('auto', ALONE);
    const speaks = async (name: string, dialect: string) => {
      const peers = [listener.address];
      const settings = { ...ALONE, 'network.peers': peers, 'sync.dialect': dialect };
      const { peers: seen } = await met(await daemons.start(name, settings));
      return seen[0]!.lastSession!.dialect;
    };
    assert.equal(await speaks('b', 'auto'), 'native');
    assert.equal(await speaks('c', 'commonware'), 'commonware');
  });

  it('transfers items by sessions and by push, and refuses large ones', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const a = await daemons.start('a', ALONE);
    for (const [i, bytes] of [10, 200, 20].entries()) {
      await a.client.put(new Uint8Array(bytes).fill(i), 1n);
    }
    const b = await daemons.start('b', {
      ...ALONE,
      'network.peers': [a.address],
      'limits.maxItemBytes': '100B',
      // Sessions bring ids alone, so that requests bring the items.
      'sync.itemBytes': '0',
    });
    const status = await until(
      () => b.client.status(),
      ({ set, refused, peers }) => set.items === 2 && refused === 1 && peers[0]!.connected,
      15_000,
    );
    assert.equal(status.transfer.receivedBytes, 30);
    assert.equal(status.peers[0]!.origin, 'config');
    let puts = 0;
    const putOne = async () => {
      await a.client.put(encoder.encode(`pushed ${puts++}`), 2n);
      return b.client.status();
    };
    await until(putOne, ({ push }) => push!.received > 0, 15_000);
    assert.equal((await b.client.send('GET', '/readyz')).status, 200);
  });
});
