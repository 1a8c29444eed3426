import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createSecret, exposure } from '../../../src/daemon/files/index.ts';
import {
  createPsk,
  IDENTITY_FILE,
  loadIdentity,
  loadPsk,
  loadToken,
  parsePsk,
  TOKEN_FILE,
  TokenFile,
} from '../../../src/daemon/keys/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { SeededRandom } from '../../support/random.ts';
import { Log } from '../mesh/log.ts';

describe('secrets', () => {
  let directory: string;
  let log: Log;
  const random = new SeededRandom('secrets');
  const init = () => ({ directory, random, logger: log.logger });
  const modeOf = async (name: string) => (await stat(join(directory, name))).mode & 0o777;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-secrets-'));
    log = new Log();
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('include an identity that is created once, for its owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    const first = await loadIdentity(init()).finally(() => process.umask(umask));
    const second = await loadIdentity(init());
    assert.match(first.peerId, /^12D3KooW/);
    assert.equal(second.peerId, first.peerId);
    assert.equal(await modeOf(IDENTITY_FILE), 0o600);
    assert.deepEqual(await readdir(directory), [IDENTITY_FILE]);
    assert.deepEqual(log.lines, []);
  });

  it('are drawn from the given randomness', async () => {
    const made = async (seed: string) => {
      await rm(join(directory, IDENTITY_FILE), { force: true });
      return (await loadIdentity({ ...init(), random: new SeededRandom(seed) })).peerId;
    };
    assert.equal(await made('a'), await made('a'));
    assert.notEqual(await made('a'), await made('b'));
  });

  it('include one identity when many processes start at once', async () => {
    const loaded = await Promise.all(Array.from({ length: 16 }, () => loadIdentity(init())));
    assert.equal(new Set(loaded.map(({ peerId }) => peerId)).size, 1);
    assert.deepEqual(await readdir(directory), [IDENTITY_FILE]);
  });

  it('are used with a warning when other users may read them', async () => {
    const { peerId } = await loadIdentity(init());
    await chmod(join(directory, IDENTITY_FILE), 0o644);
    assert.equal((await loadIdentity(init())).peerId, peerId);
    const [line] = log.with('SECRET_EXPOSED');
    assert.equal(line!.level, 'warn');
    assert.match(line!.msg, /mode 0644.*chmod 600/);
  });

  it("are not this user's to change on a read-only mount, so the advice is another", () => {
    assert.match(exposure(0o644, true)!, /^has mode 0644, .*chmod 600/);
    assert.match(exposure(0o444, false)!, /^has mode 0444, .*defaultMode: 0400/);
    assert.equal(exposure(0o440, false), null, 'its group lets this user in');
    assert.match(exposure(0o440, true)!, /chmod 600/);
    assert.equal(exposure(0o400, true), null);
  });

  it('that are unusable stay untouched, and the error says what to do', async () => {
    const path = join(directory, IDENTITY_FILE);
    const good = await loadIdentity(init()).then(() => readFile(path, 'utf8'));
    const wrong = ['', 'garbage!', 'Z2FyYmFnZQ==', good.slice(0, 20), 'A'.repeat(10_000)];
    for (const text of wrong) {
      await writeFile(path, text);
      await assert.rejects(loadIdentity(init()), {
        name: 'DaemonError',
        code: 'IDENTITY_UNREADABLE',
        message: /identity\.key cannot be used .*restore it from a backup/,
      });
      assert.equal(await readFile(path, 'utf8'), text);
    }
    await rm(path);
    await mkdir(path);
    await assert.rejects(loadIdentity(init()), { code: 'IDENTITY_UNREADABLE' });
  });

  it('fail with a code where the file cannot be written', async () => {
    const missing = { ...init(), directory: join(directory, 'missing') };
    await assert.rejects(loadIdentity(missing), { code: 'IDENTITY_UNREADABLE' });
    await assert.rejects(loadToken(missing), { code: 'TOKEN_UNREADABLE' });
  });

  it('include an admin token that is created once', async () => {
    const token = await loadToken(init());
    assert.match(token, /^[\w-]{43}$/);
    assert.equal(await loadToken(init()), token);
    assert.equal(await modeOf(TOKEN_FILE), 0o600);
    await writeFile(join(directory, TOKEN_FILE), 'short');
    await assert.rejects(loadToken(init()), {
      code: 'TOKEN_UNREADABLE',
      message: /remove the file/,
    });
  });

  it('include an admin token that is read again: the old one counts no more, the new one does', async () => {
    const clock = new VirtualClock();
    const file = await TokenFile.open({ ...init(), clock });
    const [first, path] = [file.token, join(directory, TOKEN_FILE)];
    await writeFile(path, 'y'.repeat(40));
    await file.look(false);
    assert.equal(file.token, first, 'not looked at within a second');
    await clock.advance(5_000);
    await file.look(false);
    assert.equal(file.token, 'y'.repeat(40));
    await writeFile(path, 'z'.repeat(40));
    await Promise.all([file.look(true), file.look(true)]);
    assert.equal(file.token, 'z'.repeat(40));
    assert.deepEqual(
      log.lines.map(({ event, component }) => [event, component]),
      [
        ['token-read', 'admin'],
        ['token-read', 'admin'],
      ],
    );
  });

  it('include an admin token that no request waits for while the last look is younger than five seconds', async () => {
    const clock = new VirtualClock();
    const file = await TokenFile.open({ ...init(), clock });
    const [first, path] = [file.token, join(directory, TOKEN_FILE)];
    await writeFile(path, 'y'.repeat(40));
    await clock.advance(4_999);
    await file.look(false);
    assert.equal(file.token, first, 'the look goes on beside the request');
    await file.look(true);
    assert.equal(file.token, 'y'.repeat(40));
  });

  it('include an admin token that counts on while its file cannot be used, which is told once', async () => {
    const file = await TokenFile.open({ ...init(), clock: new VirtualClock() });
    const [first, path] = [file.token, join(directory, TOKEN_FILE)];
    await writeFile(path, 'short');
    for (let i = 0; i < 2; i++) await file.look(true);
    assert.equal(file.token, first);
    assert.match(file.trouble!, /shorter than 32 characters/);
    assert.deepEqual(
      log.lines.map(({ code, component }) => [code, component]),
      [['TOKEN_UNREADABLE', 'admin']],
    );
    await writeFile(path, first);
    await file.look(true);
    assert.equal(file.trouble, null);
  });

  it('are never replaced', async () => {
    const path = join(directory, 'x');
    assert.equal(await createSecret(path, 'one', random), true);
    assert.equal(await createSecret(path, 'two', random), false);
    assert.equal(await readFile(path, 'utf8'), 'one\n');
    assert.deepEqual(await readdir(directory), ['x']);
  });

  it('include pre-shared keys in the format of private libp2p networks', async () => {
    const path = join(directory, 'swarm.key');
    const text = createPsk(random);
    assert.match(text, /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\n$/);
    await createSecret(path, text, random);
    const psk = await loadPsk(path, log.logger);
    const digits = text.trim().slice(-64);
    for (const same of [digits, digits.toUpperCase(), text.replaceAll('\n', '\r\n'), psk]) {
      assert.deepEqual(parsePsk(same), psk);
    }
    await assert.rejects(loadPsk(join(directory, 'none'), log.logger), {
      code: 'CONFIG_UNREADABLE',
      exitCode: 78,
    });
    await writeFile(path, 'nonsense');
    await assert.rejects(loadPsk(path, log.logger), {
      code: 'CONFIG_INVALID',
      exitCode: 78,
      message: new RegExp(path),
    });
  });
});
