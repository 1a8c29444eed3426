import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createSecret, loadOrCreateSecret, readSecret } from '../../../src/daemon/files/index.ts';
import { loadIdentity, loadToken, parsePsk } from '../../../src/daemon/keys/index.ts';
import { SeededRandom } from '../../support/random.ts';
import { Log } from '../mesh/log.ts';

const random = new SeededRandom('secrets');
const HEADER = '/key/swarm/psk/1.0.0/\n/base16/\n';

describe('a secret in a file', () => {
  let directory: string;
  let path: string;
  let log: Log;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-secret-'));
    path = join(directory, 'secret');
    log = new Log();
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is created once for its owner alone, and read afterwards', async () => {
    let made = 0;
    const init = { path, random, logger: log.logger, create: () => ` secret ${made++}\n` };
    for (let round = 0; round < 2; round++) {
      assert.equal((await loadOrCreateSecret(init)).trim(), 'secret 0');
    }
    assert.equal(made, 1);
    assert.equal(await readFile(path, 'utf8'), 'secret 0\n');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(directory), ['secret']);
  });

  it('is not overwritten: a second process reads the secret of the first', async () => {
    assert.equal(await createSecret(path, 'first', random), true);
    assert.equal(await createSecret(path, 'second', random), false);
    assert.equal(await readSecret(path, log.logger), 'first');
    assert.deepEqual(await readdir(directory), ['secret']);
  });

  it('has at most 4,096 bytes', async () => {
    await writeFile(path, 'x'.repeat(4_096), { mode: 0o600 });
    assert.equal((await readSecret(path, log.logger))!.length, 4_096);
    await writeFile(path, 'x'.repeat(4_097), { mode: 0o600 });
    await assert.rejects(readSecret(path, log.logger), /longer than 4096 bytes/);
  });

  it('causes a warning when other users may read it', async () => {
    await writeFile(path, 'x', { mode: 0o600 });
    for (const [mode, lines] of [
      [0o600, 0],
      [0o700, 0],
      [0o601, 1],
      [0o640, 2],
    ] as const) {
      await chmod(path, mode);
      await readSecret(path, log.logger);
      assert.equal(log.with('SECRET_EXPOSED').length, lines, mode.toString(8));
    }
    assert.match(log.with('SECRET_EXPOSED')[1]!.msg, /has mode 0640,/);
  });

  it('that is a token has at least 32 characters', async () => {
    const init = { directory, path, random, logger: log.logger };
    await writeFile(path, 'x'.repeat(32), { mode: 0o600 });
    assert.equal(await loadToken(init), 'x'.repeat(32));
    for (const wrong of ['x'.repeat(31), `${'x'.repeat(32)} y`, `=${'x'.repeat(32)}`]) {
      await writeFile(path, wrong);
      await assert.rejects(loadToken(init), { code: 'TOKEN_UNREADABLE' });
    }
  });

  it('that is an identity is base64 alone', async () => {
    const init = { directory, random, logger: log.logger };
    const { peerId } = await loadIdentity(init);
    const file = join(directory, 'identity.key');
    const text = (await readFile(file, 'utf8')).trim();
    await writeFile(file, `\n ${text}\n\n`);
    assert.equal((await loadIdentity(init)).peerId, peerId);
    for (const wrong of [`${text.slice(0, 9)}!${text.slice(9)}`, `${text}===`, `${text} ${text}`]) {
      await writeFile(file, wrong);
      await assert.rejects(loadIdentity(init), { code: 'IDENTITY_UNREADABLE' }, wrong);
    }
  });

  it('that is a pre-shared key is a header and 64 digits, or the digits alone', () => {
    const digits = 'aB'.repeat(32);
    const text = HEADER + digits.toLowerCase();
    for (const right of [digits, `${HEADER}${digits}\n`, new TextEncoder().encode(digits)]) {
      assert.equal(new TextDecoder().decode(parsePsk(right)), text);
    }
    const wrong = [digits.slice(1), `${digits}0`, '', HEADER, `/other/\n/base16/\n${digits}`];
    wrong.push(`/base16/\n${digits}`, `g${digits.slice(1)}`);
    for (const each of wrong) assert.throws(() => parsePsk(each), { code: 'CONFIG_INVALID' }, each);
  });
});
