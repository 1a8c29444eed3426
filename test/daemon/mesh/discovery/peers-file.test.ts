import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type KnownPeer, peersFile } from '../../../../src/daemon/mesh/index.ts';
import { Log } from '../log.ts';

const PEERS: KnownPeer[] = [
  {
    peer: '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg',
    addresses: ['/ip4/192.0.2.1/tcp/4001', '/dns4/a.example/tcp/1'],
    heardAt: 1_700_000_000_000,
    reachedAt: 1_700_000_000_001,
  },
  {
    peer: '12D3KooWNvHK4U6VqQQQr6Qe89wwbKazUPzQrPZLQmspceywVo3q',
    addresses: ['/ip6/2001:db8::1/tcp/4001'],
    heardAt: 1_600_000_000_000,
    reachedAt: null,
  },
];

describe('peersFile', () => {
  let directory: string;
  let log: Log;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-peers-'));
    log = new Log();
  });
  afterEach(() => rm(directory, { recursive: true }));

  const path = () => join(directory, 'peers.json');
  const file = (networkName = 'test') => peersFile({ directory, networkName, logger: log.logger });

  it('keeps the last saved list, readable by its owner alone', async () => {
    assert.deepEqual(await file().load(), []);
    await file().save(PEERS);
    assert.deepEqual(await file().load(), PEERS);
    await file().save(PEERS.slice(1));
    assert.deepEqual(await file().load(), PEERS.slice(1));
    await file().save([]);
    assert.deepEqual(await file().load(), []);
    assert.equal((await stat(path())).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory), ['peers.json']);
    assert.deepEqual(log.lines, []);
  });

  it('omits peers without an address', async () => {
    await file().save([{ ...PEERS[0]!, addresses: [] }, PEERS[1]!]);
    assert.deepEqual(await file().load(), [PEERS[1]]);
  });

  it('ignores the file of another network', async () => {
    await file('other').save(PEERS);
    assert.deepEqual(await file().load(), []);
  });

  it('works after a kill during a write', async () => {
    await file().save(PEERS);
    await writeFile(`${path()}.tmp`, '{"half');
    await file().save(PEERS.slice(1));
    assert.deepEqual(await file().load(), PEERS.slice(1));
    assert.deepEqual(await readdir(directory), ['peers.json']);
  });

  it('renames a damaged file with a warning, and continues', async () => {
    await file().save(PEERS);
    const good = await readFile(path(), 'utf8');
    const wrong = [
      '',
      'null',
      good.slice(0, -9),
      good.replace('"version":1', '"version":2'),
      good.replace('/ip4/192', '/udp/192'),
      good.replace('12D3', '12D4'),
      good.replace('1600000000000', '-1'),
      good.replace('"heardAt"', '"heard"'),
      `${good.slice(0, -3)}${','.repeat(9_000_000)}]}`,
    ];
    for (const text of wrong) {
      log.lines.length = 0;
      await writeFile(path(), text);
      assert.deepEqual(await file().load(), [], text.slice(0, 200));
      const [line] = log.with('PEERS_FILE_UNUSABLE');
      assert.equal(line!.level, 'warn');
      assert.match(line!.msg, /peers\.json is not one \(.*\); it is now .*peers\.json\.damaged/);
      assert.deepEqual(await readdir(directory), ['peers.json.damaged']);
    }
    await file().save(PEERS);
    assert.deepEqual(await file().load(), PEERS);
  });

  it('warns of a file that it can neither read nor write, and continues', async () => {
    await mkdir(path());
    assert.deepEqual(await file().load(), []);
    await file().save(PEERS);
    assert.equal(log.with('PEERS_FILE_UNUSABLE').length, 2);
  });
});
