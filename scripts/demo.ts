import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runDemo } from './demo/run.ts';
import { makeFolder, removeFolder } from './support/folders.ts';
import { whenOrphaned } from './support/parents.ts';

const HELP = `Usage: npm run demo [-- --once] [-- --json]

Starts three daemons, gives each a different part of the installed packages, joins them, and shows
how they become equal. Stays until Ctrl-C.

  --once   end as soon as the three are equal (exit 0), or after 300 s when they are not (exit 1)
  --json   print the result as JSON and nothing else; what went wrong is on standard error
`;

const PACKAGES = fileURLToPath(new URL('../node_modules', import.meta.url));

/** As the daemon has it for wrong arguments. */
const USAGE_EXIT = 64;
const OPTIONS = {
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  // Another tree than the installed packages; for tests.
  tree: { type: 'string', default: PACKAGES },
} as const;

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n\n${HELP}`);
    return null;
  }
}

const values = readArguments();
if (values === null) {
  process.exitCode = USAGE_EXIT;
} else if (values.help) {
  process.stdout.write(HELP);
} else {
  const stop = new AbortController();
  // Not `once`: a second Ctrl-C would end us in the middle of cleaning up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort());
  }
  whenOrphaned(() => stop.abort());
  const folder = makeFolder('rangemesh-demo');
  try {
    process.exitCode = await runDemo({
      folder,
      tree: values.tree,
      once: values.once ?? false,
      quiet: values.json ?? false,
      signal: stop.signal,
    });
  } finally {
    await removeFolder(folder);
  }
}
