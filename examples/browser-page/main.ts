import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createNoteServer } from './serve.ts';

const HELP = `Usage: browser-page [--port PORT]

Serves a page whose notes reconcile with those of the server, until Ctrl-C.

  --port PORT  port of 127.0.0.1 (9540); 0 takes any free port
`;

const OPTIONS = {
  port: { type: 'string', default: '9540' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { port, help } = parseArgs({ options: OPTIONS }).values;
  if (help) return console.log(HELP);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error('--port is 0 to 65535');
  const server = await createNoteServer();
  server.listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  console.log(`open http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

main().catch((error) => {
  const isTaken = error.code === 'EADDRINUSE';
  const reason = isTaken ? 'the port is taken: choose another with --port' : error.message;
  console.error(`browser-page: ${reason}`);
  process.exitCode = 1;
});
