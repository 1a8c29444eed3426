import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SessionsAnswer } from '../../src/daemon/testing.ts';
import { LocalDaemons } from './support/in-process.ts';
import { converged, each } from './support/mesh.ts';

const HELD = 40;
const CAME = 60;
/** A session takes openings and proofs beside 32 bytes an id. */
const MOST_BYTES = 33 * CAME + 250;
const QUIET = {
  'sync.intervalMs': '60000',
  'sync.intervalMinMs': '60000',
  'sync.intervalMaxMs': '60000',
  'sync.settleMs': '60000',
  'sync.settleMaxMs': '60000',
  // Sessions alone bring items.
  'push.enabled': 'false',
};
const encoder = new TextEncoder();

it('a node that was equal is told the ids that came to its peer since', async (context) => {
  const daemons = await LocalDaemons.create(context);
  const [a, b] = [await daemons.start('a', QUIET), await daemons.start('b', QUIET)];
  const put = (i: number) => a.client.put(encoder.encode(`item ${i}`), BigInt(i));
  await each(HELD, put);
  await a.client.addPeer(b.address);
  await converged([a, b], 1);
  await b.client.sync();
  await each(CAME, (i) => put(HELD + i));
  await b.client.sync();
  const { text } = await b.client.send('GET', '/v1/sessions');
  const { ended } = JSON.parse(text) as SessionsAnswer;
  const session = ended.find(({ missing }) => missing === CAME);
  assert.ok(session !== undefined, text);
  const bytes = session.bytesSent + session.bytesReceived;
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
});
