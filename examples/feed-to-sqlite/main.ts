import { parseArgs } from 'node:util';
import { AdminClient } from 'rangemesh/client';
import { follow } from './follow.ts';
import { ItemTable } from './table.ts';

const HELP = `Usage: feed-to-sqlite --database FILE [--url URL] [--once]

Keeps the table "items" of a SQLite file equal to the items of a node, until Ctrl-C.

  --database FILE  the SQLite file; it is made if it is not there
  --url URL        admin endpoint of the node (http://127.0.0.1:9464)
  --once           end as soon as the table has all items of the node
`;

const OPTIONS = {
  database: { type: 'string' },
  url: { type: 'string', default: 'http://127.0.0.1:9464' },
  once: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { database, url, once, help } = parseArgs({ options: OPTIONS }).values;
  if (help) return console.log(HELP);
  if (database === undefined) throw new Error('say where the rows go: --database FILE');
  if (!URL.canParse(url)) throw new Error(`--url ${url} is no URL; give http://HOST:PORT`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const table = openTable(database);
  try {
    console.log(`${table.size} rows in ${database}; reading on behind place ${table.place.since}`);
    await follow(new AdminClient({ url }), table, {
      signal: stop.signal,
      once,
      connected: () => console.log('the node answers'),
      retrying: (error) => console.error(`feed-to-sqlite: ${error.message}: trying again`),
    });
    console.log(`${table.size} rows, up to place ${table.place.since}`);
  } finally {
    table.close();
  }
}

function openTable(path: string): ItemTable {
  try {
    return new ItemTable(path);
  } catch (cause) {
    throw new Error(`${path} is no SQLite file that can be written: name another`, { cause });
  }
}

main().catch((error) => {
  console.error(`feed-to-sqlite: ${error.message}`);
  process.exitCode = 1;
});
