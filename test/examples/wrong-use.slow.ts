import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runExample } from './support.ts';

/** Arguments of an example, and the sentence that it answers. */
const WRONG: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['feed-to-sqlite', [], /say where the rows go: --database FILE/],
  ['feed-to-sqlite', ['--database', ':memory:', '--url', 'here'], /--url here is no URL/],
  ['feed-to-sqlite', ['--database', '/', '--once'], /is no SQLite file/],
  [
    'feed-to-sqlite',
    ['--database', ':memory:', '--url', 'http://127.0.0.1:1'],
    /no daemon answers/,
  ],
  ['websocket', [], /say serve or compare first/],
  ['websocket', ['serve', '/none', '--port', '0'], /\/none is no folder that can be read/],
  ['websocket', ['compare', 'config'], /say where the other side is: --url/],
  [
    'websocket',
    ['compare', 'config', '--url', 'ws://127.0.0.1:1'],
    /the WebSocket did not open: check its address/,
  ],
  ['nostr-bridge', ['sync'], /say where the token of the node is: --token-file/],
  ['nostr-bridge', ['serve', '--token-file', '/none'], /\/none cannot be read: give admin\.token/],
  ['nostr-bridge', ['serve', '--token-file', 'LICENSE'], /a token is one word/],
  ['three-nodes', ['/none'], /\/none has no configuration \(\*\.yaml\)/],
  ['three-nodes', ['docs'], /docs has no configuration/],
  ['three-nodes', ['--twice'], /Unknown option '--twice'/],
  ['event-relay', ['--port', 'http'], /--port is 0 to 65535/],
  ['event-relay', ['--config', '/none.yaml'], /\/none\.yaml/],
  ['event-relay', ['--peer', 'nowhere', '--port', '0'], /network\.peers/],
  ['browser-page', ['--port', '-'], /--port is 0 to 65535/],
  ['browser-page', ['--port', '70000'], /--port is 0 to 65535/],
  ['browser-page', ['notes'], /Unexpected argument 'notes'/],
];

describe('an example that is used in a wrong way', () => {
  for (const [name, args, sentence] of WRONG) {
    it(`ends with a sentence: ${name} ${args.join(' ')}`, { timeout: 60_000 }, async (context) => {
      const { code, stderr } = await runExample(context, name, args);
      assert.match(stderr, sentence);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.notEqual(code, 0);
    });
  }

  it('is not found by a name that no example has', async (context) => {
    const { code, stderr } = await runExample(context, 'none');
    assert.match(stderr, /there is no example none: .*feed-to-sqlite/);
    assert.equal(code, 64);
  });
});
