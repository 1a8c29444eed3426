import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { API_EXAMPLES } from '../../scripts/api/examples.ts';
import { apiDocument, renderApi } from '../../scripts/api/index.ts';
import { OPERATIONS } from '../../src/daemon/admin/testing.ts';
import { AdminClient } from '../../src/daemon/client/index.ts';
import { bytesToHex, itemId } from '../../src/store/index.ts';
import { endedEvents } from '../daemon/admin/fake-node.ts';
import { SharedAdmin, TOKEN } from '../daemon/admin/running-admin.ts';
import { verbsOf } from '../daemon/cli/tree.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');

describe('docs/api.md', () => {
  const running = new SharedAdmin();

  it('is the page that npm run api writes', async () => {
    const introduction = await read('scripts/api/introduction.md');
    const page = renderApi(await apiDocument(), introduction);
    // A difference of two long texts helps nobody.
    assert.ok(page === (await read('docs/api.md')), 'run npm run api');
  });

  it('shows for each call a verb that exists, and a method of the client', () => {
    const verbs = verbsOf();
    const ids = OPERATIONS.map(({ id }) => id);
    assert.deepEqual(Object.keys(API_EXAMPLES).toSorted(), ids.toSorted());
    for (const [id, { verb }] of Object.entries(API_EXAMPLES)) {
      assert.ok(verb === null || verbs.has(verb), `${id}: ${verb}`);
      assert.ok(id in AdminClient.prototype, id);
    }
  });

  it('has commands that the endpoint answers', async () => {
    Object.assign(running.node, { events: endedEvents });
    running.node.dialled.push('/ip4/192.0.2.2/tcp/9463');
    const page = await read('docs/api.md');
    const commands = [...page.matchAll(/^curl .*$/gm)].map(([command]) => command);
    assert.equal(commands.length, OPERATIONS.length);
    const script = commands.map((command) => `${command} > /dev/null || echo "- $LINENO"`);
    const { stdout } = await promisify(execFile)('bash', ['-c', script.join('\n')], {
      env: {
        ...process.env,
        URL: running.url,
        AUTH: `Authorization: Bearer ${TOKEN}`,
        ID: bytesToHex(itemId(1_700_000_000_000n, new TextEncoder().encode('hello'))),
        PEER: '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf',
      },
    });
    const failed = [...stdout.matchAll(/- (\d+)/g)].map(([, line]) => commands[Number(line) - 1]);
    assert.deepEqual(failed, []);
  });
});
