import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDemo } from './demo/run.ts';

const HELP = `Usage: npm run demo [-- --once] [-- --json]

Starts three daemons, gives each a different part of the installed packages, joins them, and shows
how they become equal. Stays until Ctrl-C.

  --once   end as soon as the three are equal (exit 0), or after 120 s when they are not (exit 1)
  --json   print nothing but the closing line
`;

const { values } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stop.abort());
  }
  // npm does not forward signals; whoever ended it means us too.
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop.abort(), 1_000).unref();
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-demo-'));
  try {
    process.exitCode = await runDemo({
      folder,
      once: values.once ?? false,
      quiet: values.json ?? false,
      signal: stop.signal,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
