import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SOURCES = new URL('../../src/', import.meta.url);

/** What programs find behind each door, types aside. A change here is a change of the library. */
const DOORS: Record<string, string[]> = {
  'store/index.ts': [
    'Alarm',
    'BUCKETS',
    'BoundedMap',
    'DatabaseCare',
    'DurableTree',
    'FeedResetError',
    'FlatVector',
    'Gate',
    'ID_BYTES',
    'INFINITE_BOUND',
    'INFINITE_HINT',
    'ITEM_OVERHEAD_BYTES',
    'InvariantError',
    'LevelTree',
    'MAX_ARRIVALS_LIMIT',
    'MAX_LIST_LIMIT',
    'MAX_SYMBOLS',
    'MemoryTree',
    'Replica',
    'Rests',
    'SHORT_ID_KEY_BYTES',
    'SortedVector',
    'StoreError',
    'TreeSnapshot',
    'ZERO_BOUND',
    'blake3',
    'blockOf',
    'bytesToHex',
    'bytesToKey',
    'checkClock',
    'checkFunction',
    'checkHint',
    'checkId',
    'checkInit',
    'checkKey',
    'checkList',
    'checkLock',
    'checkOf',
    'checkPayload',
    'checkPort',
    'coding',
    'codingKernel',
    'codingReference',
    'compareBounds',
    'compareBytes',
    'compareKeys',
    'composite',
    'concatBytes',
    'delay',
    'eachCell',
    'equalBytes',
    'fingerprintsBetween',
    'hexToBytes',
    'invariant',
    'isBound',
    'isReadFailure',
    'identifyItem',
    'itemId',
    'keyToBytes',
    'kindOf',
    'lackingIn',
    'loggedSpan',
    'lthash',
    'lthashKernel',
    'lthashReference',
    'onBrokenInvariant',
    'openDatabase',
    'readU64BE',
    'repairDatabase',
    'shortageOf',
    'slowerAtOnce',
    'storedBytes',
    'subRange',
    'sum256',
    'symbolsThrough',
    'systemClock',
    'systemDisk',
    'systemRandom',
    'verifyItem',
    'verifyReplica',
    'writeBase128',
    'writeU64BE',
    'writeU64LE',
  ],
  'protocol/index.ts': [
    ...[
      'DEFAULT_FETCH_OPTIONS',
      'DEFAULT_RECONCILE_OPTIONS',
      'DEFAULT_ROOT_HISTORY_OPTIONS',
      'EVERYTHING',
      'FetchService',
      'ProtocolError',
    ],
    ...[
      'DEFAULT_NATIVE_LIMITS',
      'ReconcileService',
      'ReconciliationSet',
      'RootHistory',
      'SessionStop',
    ],
    ...['AnnounceService', 'DEFAULT_ANNOUNCE_OPTIONS', 'announceTopic', 'protocolId'],
    ...[
      'drive',
      'ByteBudget',
      'Holding',
      'LINKS',
      'PeerWork',
      'SliceShare',
      'TokenBuckets',
      'TotalRate',
      'Traffic',
      'Turns',
    ],
    ...['watchHolder', 'wholeStep', 'CLOCK_PROTOCOL', 'ClockService'],
    ...[
      'commonware',
      'efficiency',
      'isEqualButRefused',
      'isOneWay',
      'nativeDialect',
      'negentropy',
      'reconciledBoth',
      'sameInterval',
    ],
  ],
  'daemon/client/index.ts': ['AdminClient', 'ClientError', 'events', 'lines', 'readLines'],
  'protocol/libp2p.ts': [
    ...['GossipGuard', 'GossipOutbox', 'fetch', 'libp2pGossip', 'libp2pNetwork', 'reconcile'],
    ...['clocks', 'openChannel'],
  ],
};

/** Imports what it is given, and prints the packages that this loaded. */
const LOADER = `
import { registerHooks } from 'node:module';
const loaded = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const result = next(specifier, context);
    const name = /.*node_modules[/]((?:@[^/]+[/])?[^/]+)/.exec(result.url);
    if (name !== null) loaded.add(name[1]);
    return result;
  },
});
for (const url of process.argv.slice(1)) await import(url);
console.log(JSON.stringify([...loaded].sort()));
`;

async function packagesOf(...doors: string[]): Promise<string[]> {
  const urls = doors.map((door) => new URL(door, SOURCES).href);
  const args = ['--input-type=module', '--eval', LOADER, ...urls];
  const { stdout } = await run(process.execPath, args, { cwd: fileURLToPath(SOURCES) });
  return JSON.parse(stdout);
}

describe('the doors of the library', () => {
  for (const [door, names] of Object.entries(DOORS)) {
    it(`${door} exports what it did`, async () => {
      assert.deepEqual(Object.keys(await import(new URL(door, SOURCES).href)).sort(), names.sort());
    });
  }

  it('do nothing when they load, so that bundlers may leave out what is not used', async () => {
    for (const name of globSync('{store,protocol}/**/*.ts', { cwd: fileURLToPath(SOURCES) })) {
      const text = await readFile(new URL(name, SOURCES), 'utf8');
      // Formatted sources have a statement that is no declaration at the start of a line.
      const [call = ''] =
        /^(?!export\b|import\b|class\b|const\b)[a-z][\w.]*(?:\(| = ).*$/m.exec(text) ?? [];
      assert.equal(call, '', name);
    }
  });

  it('load neither libp2p nor level, but the one that is there for libp2p', async () => {
    const light = await packagesOf('store/index.ts', 'protocol/index.ts');
    assert.deepEqual(light, ['@noble/hashes']);
    assert.deepEqual(await packagesOf('daemon/client/index.ts'), []);
    assert.ok((await packagesOf('protocol/libp2p.ts')).includes('@libp2p/interface'));
  });
});
