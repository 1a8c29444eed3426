import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AdminClient } from 'rangemesh/client';
import { EventIndex, type TimeRange } from './event-index.ts';
import { RelayConnection } from './relay-connection.ts';
import { serveRelay } from './serve.ts';
import { Bridge } from './sync.ts';

const HELP = `Usage: nostr-bridge sync RELAY --token-file FILE [--url URL] [--since TIME] [--every SECONDS]
       nostr-bridge serve --token-file FILE [--url URL] [--port PORT]

Reconciles the Nostr events of a node with a relay, by Negentropy over NIP-77.

  sync   makes the node and the relay equal, once or again and again
  serve  is a relay itself: other relays and programs reconcile with the node

  --url URL          admin endpoint of the node (http://127.0.0.1:9464)
  --token-file FILE  its token: admin.token in its data directory
  --since TIME       seconds since the epoch before which events are left alone (0)
  --every SECONDS    pause between rounds; without it there is one round
  --port PORT        port of 127.0.0.1 that is served (9480); 0 takes any free port
`;

const OPTIONS = {
  url: { type: 'string', default: 'http://127.0.0.1:9464' },
  'token-file': { type: 'string' },
  since: { type: 'string', default: '0' },
  every: { type: 'string' },
  port: { type: 'string', default: '9480' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return console.log(HELP);
  const [verb, relay] = positionals;
  if (verb !== 'sync' && verb !== 'serve') throw new Error('say sync or serve first');
  const token = await tokenIn(values['token-file']);
  const daemon = new AdminClient({ url: values.url, token });
  const index = new EventIndex(daemon);
  await index.catchUp();
  console.log(`the node holds ${index.size} events`);
  if (verb === 'serve') return serve(daemon, index, wholeNumber('--port', values.port));
  if (relay === undefined || !/^wss?:/.test(relay)) throw new Error('say which relay: wss://HOST');
  const range = { since: wholeNumber('--since', values.since) };
  const everySeconds = values.every === undefined ? 0 : wholeNumber('--every', values.every);
  await sync(new Bridge({ daemon, index }), { url: relay, range, everySeconds });
}

async function serve(daemon: AdminClient, index: EventIndex, port: number): Promise<void> {
  const server = await serveRelay({ daemon, index, port });
  const address = server.address();
  console.log(`serving ws://127.0.0.1:${typeof address === 'object' ? address?.port : port}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
  }
}

interface SyncInit {
  readonly url: string;
  readonly range: TimeRange;
  /** 0: one round. */
  readonly everySeconds: number;
}

/** Runs rounds until Ctrl-C. A later round that fails is tried again at the next time. */
async function sync(bridge: Bridge, init: SyncInit): Promise<void> {
  for (;;) {
    const round = runRound(bridge, init);
    if (init.everySeconds === 0) return await round;
    await round.catch((error) => console.error(`nostr-bridge: ${error.message}`));
    await pause(1_000 * init.everySeconds);
  }
}

async function runRound(bridge: Bridge, { url, range }: SyncInit): Promise<void> {
  const relay = await RelayConnection.open(url);
  try {
    const { taken, given, refused, reason } = await bridge.round(relay, range);
    console.log(
      `took ${taken} events, gave ${given}, refused ${refused}${reason ? `: ${reason}` : ''}`,
    );
  } finally {
    relay.close();
  }
}

async function tokenIn(file: string | undefined): Promise<string> {
  if (file === undefined) throw new Error('say where the token of the node is: --token-file FILE');
  return await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => Promise.reject(new Error(`${file} cannot be read: give admin.token of the node`)),
  );
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new Error(`${name} ${text} is no whole number`);
  return Number(text);
}

main().catch((error) => {
  console.error(`nostr-bridge: ${error.message}`);
  process.exitCode = 1;
});
