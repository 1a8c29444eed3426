import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocketServer } from 'ws';
import { chromiumPath } from '../../scripts/support/chromium-path.ts';
import {
  commonware,
  type Dialect,
  drive,
  nativeDialect,
  negentropy,
} from '../../src/protocol/index.ts';
import { bytesToHex, itemId, lthash, SortedVector, sum256 } from '../../src/store/index.ts';
import { bundle, gzipBytes } from './bundle.ts';
import { Page } from './chromium.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CHROMIUM = chromiumPath();
const PAGE = fileURLToPath(new URL('page.ts', import.meta.url));

/** Programs with one dialect, and the most bytes that they may have, gzipped. */
const PROGRAMS: Readonly<Record<string, { code: string; most: number }>> = {
  negentropy: {
    code: `
      import { drive, negentropy } from 'rangemesh/protocol';
      import { FlatVector } from 'rangemesh/store';
      console.log(drive, negentropy, FlatVector);`,
    most: 30_000,
  },
  native: {
    code: `
      import { drive, nativeDialect } from 'rangemesh/protocol';
      import { itemId, lthash, SortedVector } from 'rangemesh/store';
      console.log(drive, nativeDialect, itemId, lthash, SortedVector);`,
    most: 52_000,
  },
  nothing: { code: `import 'rangemesh/protocol'; import 'rangemesh/store';`, most: 40 },
};

const dialects: readonly Dialect[] = [nativeDialect(), commonware, negentropy];

const idOf = (n: number): Uint8Array => itemId(BigInt(n), new TextEncoder().encode(`item ${n}`));

/** Ids of the numbers [from, to), as sorted hex. */
const hexOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => bytesToHex(idOf(from + i))).sort();

before(async () => {
  await promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: ROOT });
});

describe('bundles for browsers', () => {
  for (const [name, { code, most }] of Object.entries(PROGRAMS)) {
    it(`have at most ${most} bytes, gzipped: ${name}`, async (t) => {
      const bytes = gzipBytes(await bundle({ code }));
      t.diagnostic(`${name}: ${bytes} bytes gzipped`);
      assert.ok(bytes <= most, `${bytes} bytes`);
    });
  }
});

const skip = CHROMIUM === null && 'there is no Chromium in the PATH: set RANGEMESH_CHROMIUM';

describe('a page in headless Chromium', { skip }, () => {
  let server: Server;
  let page: Page;
  let address: string;

  before(async () => {
    const script = await bundle({ file: PAGE });
    server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<script type="module" src="/page.js"></script>');
    });
    serveSessions(new WebSocketServer({ server }));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    address = `127.0.0.1:${port}`;
    page = await Page.open(CHROMIUM!, `http://${address}/`);
  });

  after(async () => {
    await page?.close();
    server?.closeAllConnections();
    server?.close();
  });

  for (const { name } of dialects) {
    it(`learns what it lacks from a node, over a WebSocket: ${name}`, async () => {
      const call = `run.session('${name}', 'ws://${address}/${name}', 0, 5000)`;
      const { missing, equal } = (await page.evaluate(call)) as {
        missing: string[];
        equal: boolean;
      };
      assert.equal(equal, false);
      assert.deepEqual(missing.sort(), hexOf(5_000, 6_000));
    });
  }

  it('keeps items in a replica over a database in memory', async () => {
    assert.equal(await page.evaluate('run.replica(500)'), 500);
  });

  it('is refused files with NEEDS_NODE', async () => {
    assert.equal(await page.evaluate('run.files()'), 'NEEDS_NODE');
  });
});

/** The node: it holds the numbers from 1,000 to 5,999, and serves the dialect that the path names. */
function serveSessions(sockets: WebSocketServer): void {
  sockets.on('connection', (socket, request) => {
    const dialect = dialects.find(({ name }) => request.url === `/${name}`)!;
    const set = new SortedVector({ scheme: dialect.name === 'negentropy' ? sum256 : lthash });
    set.insert(
      Array.from({ length: 5_000 }, (_, i) => ({ hint: BigInt(1_000 + i), id: idOf(1_000 + i) })),
    );
    const session = dialect.session({ role: 'responder', snapshot: set.snapshot() });
    drive(session, socket).catch((error) => socket.close(4_000, String(error.code)));
  });
}
