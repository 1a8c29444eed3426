import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLogger, type Daemon, hostSystem, loadConfig, startDaemon } from 'rangemesh';
import { AdminClient } from 'rangemesh/client';
import { bytesToHex } from 'rangemesh/store';
import { refuse, Subscriptions } from './subscriptions.ts';

const HELP = `Usage: event-relay [--config FILE] [--port PORT] [--peer ADDRESS]...

Takes events over HTTP, streams them to subscribers and other relays, and forgets them after an hour.

  --config FILE   configuration of the node (relay.yaml of this example)
  --port PORT     port of 127.0.0.1 for publishers and subscribers (9520); 0 takes any free port
  --peer ADDRESS  another relay, as it prints its address
`;

const OPTIONS = {
  config: { type: 'string', default: fileURLToPath(new URL('relay.yaml', import.meta.url)) },
  port: { type: 'string', default: '9520' },
  peer: { type: 'string', multiple: true, default: [] as string[] },
  help: { type: 'boolean', default: false },
} as const;
const MAX_EVENT_BYTES = 64 * 1024;

async function main(): Promise<void> {
  const { config, port, peer, help } = parseArgs({ options: OPTIONS }).values;
  if (help) return console.log(HELP);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error('--port is 0 to 65535');
  const daemon = await startNode(config, peer);
  const subscriptions = new Subscriptions(new AdminClient({ url: daemon.admin }));
  const server = serve(daemon, subscriptions);
  try {
    server.listen(Number(port), '127.0.0.1');
    await once(server, 'listening');
    console.log(`node ${daemon.node.status().addresses[0]}`);
    console.log(`relay http://127.0.0.1:${(server.address() as AddressInfo).port}/events`);
    await asked();
  } finally {
    subscriptions.stop();
    server.closeAllConnections();
    server.close();
    await daemon.stop();
  }
}

async function startNode(file: string, peers: readonly string[]): Promise<Daemon> {
  const read = (path: string) => readFile(path, 'utf8');
  const flags =
    peers.length === 0 ? [] : [{ path: 'network.peers', value: peers, source: '--peer' }];
  const config = await loadConfig({ file, flags, cwd: process.cwd(), read });
  const system = hostSystem();
  const logger = createLogger({ clock: system.clock, level: 'error' });
  return await startDaemon({ config, system, logger });
}

function serve(daemon: Daemon, subscriptions: Subscriptions): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url !== '/events') refuse(response, 404, 'events lie at /events');
    else if (request.method === 'POST') await publish(daemon, request, response);
    else if (request.method === 'GET') await subscriptions.serve(request, response);
    else refuse(response, 405, 'POST an event, or GET the stream');
  };
  return createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 503, error.message);
    });
  });
}

/** The event gets the present time as its hint, and is on disk when this is answered. */
async function publish(
  daemon: Daemon,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_EVENT_BYTES) return refuse(response, 413, 'an event has at most 64 KiB');
    chunks.push(chunk);
  }
  const { id, hint, created } = await daemon.node.put(Buffer.concat(chunks));
  response.writeHead(created ? 201 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: bytesToHex(id), hint: String(hint) }));
}

/** Resolves when the program is asked to end. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

main().catch((error) => {
  console.error(`event-relay: ${error.message}`);
  process.exitCode = 1;
});
