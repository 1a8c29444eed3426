import { parseArgs } from 'node:util';
import { readFolder } from './folder.ts';
import { compare, serve } from './sessions.ts';

const HELP = `Usage: websocket serve FOLDER [--port PORT]
       websocket compare FOLDER --url URL

Compares the files of two folders over a plain WebSocket.

  serve    answers sessions with the files of the folder, until Ctrl-C
  compare  prints the files that are in one of the folders alone; exits with 3 if there are any

  --port PORT  port of 127.0.0.1 that is served (9470); 0 takes any free port
  --url URL    address of the other side, such as ws://127.0.0.1:9470
`;

const OPTIONS = {
  port: { type: 'string', default: '9470' },
  url: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;
const DIFFERENCES_EXIT = 3;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return console.log(HELP);
  const [verb, folder] = positionals;
  if (verb !== 'serve' && verb !== 'compare') throw new Error('say serve or compare first');
  if (folder === undefined) throw new Error(`say which folder: ${verb} FOLDER`);
  if (verb === 'serve') await serveFolder(folder, Number(values.port));
  else await compareFolder(folder, values.url);
}

async function serveFolder(folder: string, port: number): Promise<void> {
  if (!(port >= 0 && port < 65_536)) throw new Error('--port is a number from 0 to 65535');
  const { set } = await readFolder(folder);
  const server = await serve(set, port, console.log);
  const address = server.address();
  const used = typeof address === 'object' ? address?.port : port;
  console.log(`serving ${set.size} files at ws://127.0.0.1:${used}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
  }
}

async function compareFolder(folder: string, url: string | undefined): Promise<void> {
  if (url === undefined || !/^wss?:/.test(url) || !URL.canParse(url)) {
    throw new Error('say where the other side is: --url ws://HOST:PORT');
  }
  const { set, pathOf } = await readFolder(folder);
  const { have, lack } = await compare(set, url);
  for (const id of have) console.log(`here ${pathOf.get(id)}`);
  for (const id of lack) console.log(`there ${id}`);
  console.log(`${have.length} files are here alone, ${lack.length} there alone`);
  if (have.length + lack.length > 0) process.exitCode = DIFFERENCES_EXIT;
}

main().catch((error) => {
  console.error(`websocket: ${error.message}`);
  process.exitCode = 1;
});
