import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { readNdjson } from '../../../../src/daemon/cli/import/testing.ts';
import { formatError, lastWords } from '../../../../src/daemon/cli/testing.ts';
import { ClientError } from '../../../../src/daemon/client/index.ts';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { run } from '../terminal.ts';

/** What `rangemesh verify` makes of what a server answers. */
async function verify(context: TestContext, answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  }).listen(0, '127.0.0.1');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return run(['verify', '--url', `http://127.0.0.1:${port}`]);
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const progress = line({ progress: { phase: 'items', done: 1, of: 2 } });
const clean = {
  ok: true,
  items: 1,
  bytes: 2,
  pending: 0,
  quarantined: 0,
  problemCount: 0,
  problems: [],
};

describe('a verification by a running daemon', () => {
  it('ends with its result, and ignores later lines', async (context) => {
    const ran = await verify(context, (to) => to.end(`${progress + line({ result: clean })}{`));
    assert.deepEqual([ran.exitCode, ran.stdout], [0, 'clean: 1 item, 2 B, 0 in quarantine\n']);
    const pruning = line({ result: { ...clean, pending: 1 } });
    const below = await verify(context, (to) => to.end(pruning));
    assert.match(below.stdout, /^clean: .* 1 item below the floor to be removed\n$/);
  });

  it('lists problems, and counts the unlisted ones', async (context) => {
    const problems = [
      { code: 'INDEX', key: '', message: 'm' },
      { code: 'ITEM_DAMAGED', key: 'k', message: 'n' },
    ];
    const damaged = (problemCount: number) =>
      verify(context, (to) =>
        to.end(line({ result: { ...clean, ok: false, problemCount, problems } })),
      );
    const all = await damaged(2);
    const head = 'damaged: 2 problems in 1 item, 2 B, 0 in quarantine';
    assert.equal(all.stdout, `${head}\n  INDEX  m\n  ITEM_DAMAGED  k  n\n`);
    assert.equal(all.exitCode, 74);
    assert.match((await damaged(3)).stdout, /\n {2}and 1 further problem\n$/);
  });

  it('fails with the error code of the daemon', async (context) => {
    const cases: [string, number, RegExp][] = [
      [progress + line({ error: { code: 'STORE_CORRUPT', message: 'm' } }), 74, /m \[DATA_DAMAGED/],
      [progress + line({ error: { code: 'SHUTTING_DOWN', message: 'm' } }), 1, /m \[SHUTTING_DOWN/],
      [progress, 69, /ended before the verification did/],
      ['', 69, /ended before the verification did/],
      ['<html>\n', 69, /no rangemesh daemon/],
      [`"${'x'.repeat(1024 * 1024)}"\n`, 69, /no rangemesh daemon/],
    ];
    for (const [text, exitCode, words] of cases) {
      const ran = await verify(context, (to) => to.end(text));
      assert.equal(ran.exitCode, exitCode, ran.stderr);
      assert.match(ran.stderr, words);
    }
    const broken = await verify(context, (to) => {
      to.write(progress);
      to.socket?.destroy();
    });
    assert.equal(broken.exitCode, 69, broken.stderr);
    const refusal = JSON.stringify({ code: 'UNAUTHORIZED', message: 'no' });
    const refused = await verify(context, (to) => to.writeHead(401).end(refusal));
    assert.deepEqual([refused.exitCode, refused.stderr], [1, 'rangemesh: no [UNAUTHORIZED]\n']);
  });
});

describe('the last error message', () => {
  it('sets the exit code of the error, also when no reader is left', () => {
    const spoken = (error: unknown) => {
      const words = lastWords(error);
      return [formatError(words, { json: false }), words.exitCode];
    };
    const daemon = new DaemonError('LISTEN_FAILED', 'm');
    assert.deepEqual(spoken(daemon), ['rangemesh: m [LISTEN_FAILED]', 69]);
    assert.deepEqual(spoken(new ClientError(500, 'X', 'm')), ['rangemesh: m [X]', 1]);
    assert.deepEqual(lastWords({ code: 'EPIPE' }), { error: null, exitCode: 141 });
    assert.deepEqual(spoken(new Error('m')), ['rangemesh: m [INTERNAL]', 1]);
    assert.deepEqual(spoken('m'), ['rangemesh: m [INTERNAL]', 1]);
    const coded = Object.assign(new Error('m'), { code: 'ENOENT' });
    assert.deepEqual(spoken(coded), ['rangemesh: m [ENOENT]', 1]);
  });
});

describe('a line of NDJSON', () => {
  it('has a hint of one to twenty digits, as a number or as text', async () => {
    const load = async (hint: string) => {
      const bytes = new TextEncoder().encode(`{"hint":${hint}}\n`);
      const chunks = (async function* () {
        yield bytes;
      })();
      const { value } = await readNdjson({
        chunks,
        path: '-',
        hintField: 'hint',
        maxBytes: 99,
      }).next();
      return value!.load();
    };
    for (const hint of ['0', '"7"', `"${'9'.repeat(20)}"`]) {
      assert.equal((await load(hint)).kind, 'item', hint);
    }
    for (const hint of ['""', '" 7"', '"x"', '-1', '1.5', 'null', `"${'9'.repeat(21)}"`]) {
      await assert.rejects(load(hint), /must hold a whole number/, hint);
    }
  });
});
