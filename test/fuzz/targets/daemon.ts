import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { AdminError, OPERATIONS, parseBody, readInput } from '../../../src/daemon/admin/testing.ts';
import {
  BulkError,
  type BulkFormat,
  EXPORT_FORMAT,
  ExportReader,
  ItemTally,
  SPEAKERS,
} from '../../../src/daemon/bulk/index.ts';
import { loadConfig } from '../../../src/daemon/config/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';
import {
  decodeRecord,
  encodeRecord,
  usableAddresses,
} from '../../../src/daemon/mesh/discovery/testing.ts';
import { concatBytes, itemId } from '../../../src/store/index.ts';
import { type FuzzTarget, text, utf8 } from '../target.ts';

const PEER = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const MAX_ITEM_BYTES = 200;
const id = itemId(7n, utf8('seven'));

const announcement = (addresses: readonly string[]): Uint8Array =>
  encodeRecord({
    peerId: peerIdFromString(PEER),
    addresses: addresses.map((address) => multiaddr(address)),
    sequence: 1_700_000_000_000n,
    maxAddresses: 8,
  })!;

/** The reader of libp2p throws errors of many kinds: those of the language itself are faults too. */
const discovery: FuzzTarget = {
  name: 'discovery',
  seeds: [
    announcement(['/ip4/192.0.2.1/tcp/9463']),
    announcement(['/dns4/a.example/tcp/2', '/ip6/2001:db8::1/tcp/9463']),
  ],
  read(input) {
    const { peer, addresses } = decodeRecord(input);
    usableAddresses(addresses, { peer, max: 8, loopback: true, lan: true });
  },
  refuses: (error) => error instanceof Error,
};

const JSON_TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  'null',
  'true',
  '1e999',
  '-0',
  '""',
  '\\u0000',
  '"__proto__":',
].map(utf8);

const LINE_TOKENS: readonly Uint8Array[] = [...JSON_TOKENS, utf8('\n'), utf8('\r\n')];

const SCHEMAS = OPERATIONS.flatMap(({ body, params, query }) => [
  ...(typeof body === 'object' && 'safeParse' in body ? [body] : []),
  ...(params === undefined ? [] : [params]),
  query,
]);

/** Each body goes through the schemas of all operations. */
const bodies: FuzzTarget = {
  name: 'http-body',
  seeds: [
    `{"ids":["${'ab'.repeat(32)}"]}`,
    '{"address":"/ip4/127.0.0.1/tcp/9463"}',
    '{"id":"ab","hint":"5","limit":9,"from":"0","to":"9","peer":"x","interval":{"lower":"1"}}',
  ].map(utf8),
  tokens: JSON_TOKENS,
  refuses: (error) => error instanceof AdminError,
  read(input) {
    const value = parseBody(text(input));
    for (const schema of SCHEMAS) {
      try {
        readInput(schema, value, 'body');
      } catch (error) {
        if (!(error instanceof AdminError)) throw error;
      }
    }
  },
};

function bulkTarget(format: BulkFormat): FuzzTarget {
  const speaker = SPEAKERS[format];
  const payload = utf8('seven');
  const header = { format: EXPORT_FORMAT, from: '0', to: '9', items: 1 } as const;
  const trailer = { items: 1, bytes: 5, fingerprint: 'ab'.repeat(32) };
  const parts = [
    speaker.notice({ header }),
    ...speaker.item({ hint: 7n, payload, id }),
    ...speaker.item({
      hint: 8n,
      payload: new Uint8Array(300),
      id: itemId(8n, new Uint8Array(300)),
    }),
    speaker.notice({ missing: 'ab'.repeat(32) }),
    speaker.notice({ trailer }),
  ];
  return {
    name: `batch-${format}`,
    seeds: [concatBytes(...parts), concatBytes(...parts.slice(1, 2))],
    tokens: format === 'ndjson' ? LINE_TOKENS : [],
    refuses: (error) => error instanceof BulkError,
    read(input) {
      const decoder = speaker.decoder({ maxItemBytes: MAX_ITEM_BYTES });
      for (let at = 0; at < input.length && decoder.failure === null; at += 97) {
        decoder.push(input.subarray(at, at + 97));
      }
      if (decoder.failure === null) decoder.end();
    },
  };
}

function exportTarget(format: BulkFormat): FuzzTarget {
  const speaker = SPEAKERS[format];
  const payload = utf8('seven');
  const tally = new ItemTally();
  tally.add(id, payload.length);
  const header = { format: EXPORT_FORMAT, from: '0', to: '9', items: 1 } as const;
  const whole = concatBytes(
    speaker.notice({ header }),
    ...speaker.item({ hint: 7n, payload, id }),
    speaker.notice({ trailer: tally.total() }),
  );
  return {
    name: `export-${format}`,
    seeds: [whole],
    tokens: format === 'ndjson' ? LINE_TOKENS : [],
    refuses: (error) => error instanceof BulkError,
    read(input) {
      const reader = new ExportReader(speaker.decoder({ maxItemBytes: MAX_ITEM_BYTES }));
      reader.push(input);
      reader.end();
    },
  };
}

/** The file is the operator's own, and the YAML library takes its time for a long one that is no YAML. */
const configuration: FuzzTarget = {
  name: 'configuration',
  maxBytes: 512,
  seeds: [
    'node:\n  dataDir: data\nnetwork:\n  name: main\n  listen:\n    - /ip4/127.0.0.1/tcp/9463\n',
    'access:\n  mode: list\n  peers: []\nlimits:\n  maxItemBytes: 16MiB\nsync:\n  intervalMs: 5000\n',
  ].map(utf8),
  tokens: [
    '- ',
    ': ',
    '\n  ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!binary ',
    '1e999',
    '---\n',
    '<<: *a\n',
  ].map(utf8),
  refuses: (error) => error instanceof DaemonError,
  read: async (input) =>
    void (await loadConfig({ file: 'fuzz.yaml', cwd: '/', read: async () => text(input) })),
};

export const DAEMON: readonly FuzzTarget[] = [
  discovery,
  bodies,
  ...(['ndjson', 'binary'] as const).flatMap((format) => [
    bulkTarget(format),
    exportTarget(format),
  ]),
  configuration,
];
