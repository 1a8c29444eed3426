import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientError } from '../../../src/daemon/client/index.ts';
import { PageAccess } from '../../../src/daemon/page/live/index.ts';
import { within } from '../../support/within.ts';
import { SharedAdmin, TOKEN } from '../admin/running-admin.ts';

const PAYLOAD = new TextEncoder().encode('x');

describe('PageAccess', () => {
  const running = new SharedAdmin();

  const accessWith = (kept: string | null) => {
    const writes: (string | null)[] = [];
    const storage = { read: () => kept, write: (token: string | null) => writes.push(token) };
    const access = new PageAccess({ url: running.url, storage });
    return { access, writes };
  };
  const put = (access: PageAccess) => access.call((client) => client.putItem(PAYLOAD));

  it('asks for the token once a call needs it, and then calls again', async () => {
    const { access, writes } = accessWith(null);
    await access.call((client) => client.getStatus());
    assert.equal(access.question, 'none');
    const asked = whenAsked(access);
    const stored = [put(access), put(access)];
    await asked;
    assert.equal(access.question, 'needed');
    access.give(TOKEN);
    assert.equal((await within(Promise.all(stored), 'both puts')).length, 2);
    assert.deepEqual(writes, [TOKEN]);
    assert.equal(access.question, 'none');
    await put(access);
  });

  it('says that a token is wrong, and asks again until the right one is given', async () => {
    const { access } = accessWith('kept from before');
    let asked = whenAsked(access);
    const stored = put(access);
    await asked;
    assert.equal(access.question, 'wrong');
    asked = whenAsked(access);
    access.give('wrong too');
    await asked;
    assert.equal(access.question, 'wrong');
    access.give(TOKEN);
    assert.equal(typeof (await stored).id, 'string');
  });

  it('rejects with the refusal when no token is given, twice', async () => {
    const { access } = accessWith(null);
    for (let i = 0; i < 2; i++) {
      const asked = whenAsked(access);
      const refused = assert.rejects(put(access), { code: 'UNAUTHORIZED' });
      await asked;
      access.cancel();
      await refused;
    }
    assert.equal(access.hasToken, false);
  });

  it('asks for no token after other refusals', async () => {
    const { access } = accessWith(TOKEN);
    const refused = access.call((client) => client.whyItem('no hexadecimal digits'));
    await assert.rejects(refused, (error) => error instanceof ClientError && error.status === 400);
    assert.equal(access.question, 'none');
  });

  it('counts changes of the token, and forgets it in the storage too', async () => {
    const { access, writes } = accessWith(TOKEN);
    assert.deepEqual([access.hasToken, access.changes], [true, 0]);
    access.forget();
    assert.deepEqual([access.hasToken, access.changes, writes], [false, 1, [null]]);
  });
});

/** Resolves when the next question stands. */
function whenAsked(access: PageAccess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = access.listen(() => {
    if (access.question === 'none') return;
    stop();
    resolve();
  });
  return promise;
}
