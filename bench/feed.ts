import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';
import { DaemonProcess } from '../scripts/support/daemon-process.ts';
import { inChild, withDirectory } from './support/child.ts';
import { MemoryPeak, memoryOf } from './support/memory.ts';

const ARGS = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'];
/** Answers about its memory. */
const HOOK = new URL('./hostile/victim-hook.ts', import.meta.url).href;
const NEWLINE = 0x0a;

/**
 * `bench -- feed [--n N] [--json]`: a client reads the whole order of arrival of a daemon, without payloads and
 * with them. `rssMb` and `rssWithPayloadsMb` are the most memory that the daemon had meanwhile, tables of LevelDB
 * that are mapped included; `anonymousMb` and `anonymousWithPayloadsMb` are without mapped files. `restMb` and
 * `restAnonymousMb` are its memory before.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    n: { type: 'string', default: '200000' },
  } as const;
  const { values } = parseArgs({ args, options });
  const figures = await withDirectory((directory) => run(directory, Number(values.n)));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function run(dataDir: string, n: number) {
  const fill = new URL('./catchup/fill-main.ts', import.meta.url);
  await inChild(fill, dataDir, String(n));
  const execArgv = ['--expose-gc', '--import', HOOK];
  const daemon = await DaemonProcess.start({ dataDir, args: ARGS, execArgv });
  try {
    await daemon.ask('collect');
    const rest = await memoryOf(daemon.pid);
    const plain = await readAll(daemon, '?since=0', n);
    const payloads = await readAll(daemon, '?since=0&payloads=true', n);
    return {
      bench: 'feed',
      n,
      entriesPerSecond: plain.perSecond,
      withPayloadsPerSecond: payloads.perSecond,
      rssMb: plain.peak.rssMb,
      rssWithPayloadsMb: payloads.peak.rssMb,
      restMb: rest.rssMb,
      anonymousMb: plain.peak.anonymousMb,
      anonymousWithPayloadsMb: payloads.peak.anonymousMb,
      restAnonymousMb: rest.anonymousMb,
    };
  } finally {
    await daemon.stop('SIGKILL');
  }
}

/** Reads `n` entries, a header and a trailer. */
async function readAll(daemon: DaemonProcess, query: string, n: number) {
  const watch = new MemoryPeak(daemon.pid);
  const begin = performance.now();
  const [answer] = (await once(get(`${daemon.admin}/v1/changes${query}`), 'response')) as [
    IncomingMessage,
  ];
  let lines = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
  }
  const seconds = (performance.now() - begin) / 1_000;
  const peak = await watch.end();
  if (lines !== n + 2) throw new Error(`${query} gave ${lines} lines, not ${n + 2}`);
  return { perSecond: Math.round(n / seconds), peak };
}
