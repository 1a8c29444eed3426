import { Command, Option } from 'commander';
import { configFlags, parseBytes, parseConcurrency, parseHintFlag } from './flags.ts';
import type { CliInit } from './init.ts';

/** Runs a verb; what it resolves with is the exit code. */
export type RunVerb = (verb: () => Promise<number>) => Promise<void>;

/**
 * The command line: every verb with its options and its help. What a verb does is loaded when it is
 * called, so that a help text does not wait for it.
 */
export function createProgram(init: CliInit, run: RunVerb): Command {
  const program = new Command('rangemesh')
    .description('Keeps an immutable, content-addressed item set equal across a mesh of peers.')
    .version(init.version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void init.stdout.write(text),
      writeErr: (text) => void init.stderr.write(text),
      outputError: (text, out) => out(`rangemesh: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('(--help shows what there is)');
  addStart(program, init, run);
  addInit(program, init, run);
  addItems(program, init, run);
  addWhy(program, init, run);
  addImport(program, init, run);
  addMesh(program, init, run);
  addVerify(program, init, run);
  return program.addHelpText(
    'after',
    examples(
      'rangemesh init mesh && rangemesh start --config mesh/rangemesh.yaml',
      'rangemesh import --config mesh/rangemesh.yaml ./photos',
      'rangemesh status --config mesh/rangemesh.yaml --json',
    ),
  );
}

function examples(...lines: string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
}

function addStart(program: Command, init: CliInit, run: RunVerb): void {
  const command = program
    .command('start')
    .description('Runs a daemon until SIGTERM or SIGINT; a second signal ends it at once.')
    .option(
      '-c, --config <file>',
      'configuration file (default: ./rangemesh.yaml if there is one)',
    );
  const settings = configFlags(command);
  command
    .addHelpText(
      'after',
      examples(
        'rangemesh start --config rangemesh.yaml',
        'rangemesh start --data-dir a --listen /ip4/127.0.0.1/tcp/0 --admin-port 0',
        'RANGEMESH_LOG_LEVEL=debug rangemesh start --set sync.intervalMs=5000',
      ),
    )
    .action((options) =>
      run(async () => (await import('./start.ts')).start(options.config, settings(), init)),
    );
}

function addInit(program: Command, init: CliInit, run: RunVerb): void {
  program
    .command('init')
    .description('Writes DIR/rangemesh.yaml: every key with its default and what it does.')
    .argument('<dir>', 'directory, made when it is missing')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('rangemesh init /etc/rangemesh'))
    .action((directory, options) =>
      run(async () => (await import('./setup.ts')).setup(directory, options, init)),
    );
}

/** The options by which a verb finds its daemon. */
function aimed(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration of the daemon (default: ./rangemesh.yaml)')
    .option('--data-dir <dir>', 'data directory of the daemon, instead of --config')
    .option('--url <url>', 'admin endpoint of the daemon, instead of either (RANGEMESH_URL)')
    .option('--token-file <file>', 'file with the bearer token (else RANGEMESH_TOKEN)')
    .option('--json', 'print JSON');
}

function maxBytes(description: string): Option {
  return new Option('--max-bytes <size>', description)
    .argParser(parseBytes)
    .default(parseBytes('16MiB'), '16MiB');
}

function addItems(program: Command, init: CliInit, run: RunVerb): void {
  aimed(program.command('put'))
    .description('Stores one item and prints its id.')
    .argument('[file]', 'file with the payload; - is standard input', '-')
    .option('--hint <number>', 'place in the order (default: now, in milliseconds)', parseHintFlag)
    .addOption(maxBytes('refuse longer input'))
    .addHelpText(
      'after',
      examples('rangemesh put photo.jpg', 'date | rangemesh put --hint 42 --json'),
    )
    .action((file, options) =>
      run(async () => (await import('./items.ts')).put(file, options, init)),
    );
  aimed(program.command('get'))
    .description('Writes the payload of an item to standard output.')
    .argument('<id>', '64 hexadecimal digits')
    .option('-o, --output <file>', 'write to a file instead')
    .addHelpText('after', examples('rangemesh get 3f1c...9a -o photo.jpg'))
    .action((id, options) => run(async () => (await import('./items.ts')).get(id, options, init)));
}

function addWhy(program: Command, init: CliInit, run: RunVerb): void {
  aimed(program.command('why'))
    .description('Says whether an item is here, and if not, why.')
    .argument('<id>', '64 hexadecimal digits')
    .addHelpText('after', examples('rangemesh why 3f1c...9a'))
    .action((id, options) => run(async () => (await import('./items.ts')).why(id, options, init)));
}

function addImport(program: Command, init: CliInit, run: RunVerb): void {
  aimed(program.command('import'))
    .description(
      'Stores many items: every file of a directory tree (hint: modification time in ms), or every ' +
        'line of an NDJSON file (hint: one of its fields). Symbolic links are not followed.',
    )
    .argument('<path>', 'directory, or NDJSON file; - is NDJSON on standard input')
    .option('--hint-field <name>', 'NDJSON: field with the hint (default: hint)')
    .addOption(maxBytes('skip longer files and lines, and count them'))
    .option('--concurrency <count>', 'puts under way at a time', parseConcurrency, 32)
    .addHelpText(
      'after',
      examples(
        'rangemesh import ./photos --max-bytes 1MiB',
        'rangemesh import events.ndjson --hint-field created_at --json',
        'zcat events.ndjson.gz | rangemesh import -',
      ),
    )
    .action((path, options) =>
      run(async () => (await import('./import/index.ts')).importPath(path, options, init)),
    );
}

function addMesh(program: Command, init: CliInit, run: RunVerb): void {
  aimed(program.command('status'))
    .description('Shows the set, its fingerprint, and how many peers have the same.')
    .addHelpText('after', examples('rangemesh status', 'rangemesh status --json | jq .set'))
    .action((options) => run(async () => (await import('./mesh.ts')).status(options, init)));
  const list = aimed(program.command('peers'))
    .description('Shows the peers, whether they are in sync, and their last sessions.')
    .addHelpText(
      'after',
      examples(
        'rangemesh peers',
        'rangemesh peers add /ip4/192.0.2.7/tcp/9463',
        'rangemesh peers remove /ip4/192.0.2.7/tcp/9463',
      ),
    )
    .action((options) => run(async () => (await import('./mesh.ts')).peers(options, init)));
  aimed(list.command('add'))
    .description(
      'Dials a peer, and keeps its address among those to dial until the daemon ends, also when ' +
        'nobody answers there yet.',
    )
    .argument('<address>', 'multiaddr such as /ip4/192.0.2.7/tcp/9463')
    .action((address, _options, command: Command) =>
      run(async () =>
        (await import('./mesh.ts')).addPeer(address, command.optsWithGlobals(), init),
      ),
    );
  aimed(list.command('remove'))
    .description(
      'Dials an address no more. An open connection stays; an address of the configuration is back ' +
        'at the next start.',
    )
    .argument('<address>', 'multiaddr as "rangemesh peers" shows it')
    .action((address, _options, command: Command) =>
      run(async () =>
        (await import('./mesh.ts')).removePeer(address, command.optsWithGlobals(), init),
      ),
    );
  aimed(program.command('sync'))
    .description('Runs a session with one peer or with all, and waits for the end.')
    .argument('[peer-id]', 'peer id (default: all connected peers)')
    .addHelpText('after', examples('rangemesh sync', 'rangemesh sync 12D3KooW...'))
    .action((peerId, options) =>
      run(async () => (await import('./mesh.ts')).sync(peerId, options, init)),
    );
}

function addVerify(program: Command, init: CliInit, run: RunVerb): void {
  aimed(program.command('verify'))
    .description(
      'Compares every payload with its id, the index with a recomputation, and all counts; changes ' +
        'nothing. A stopped data directory is read directly (no daemon can start on it meanwhile), a ' +
        'running daemon is asked. Exit code 0: clean, 74: damaged, 69: nothing there to verify. ' +
        '--json prints one object at the end; progress is shown on a terminal only.',
    )
    .addHelpText(
      'after',
      examples(
        'rangemesh verify --config rangemesh.yaml',
        'rangemesh verify --data-dir /var/lib/rangemesh --json | jq .problems',
        'rangemesh verify --url http://127.0.0.1:9464 --token-file admin.token',
      ),
    )
    .action((options) =>
      run(async () => (await import('./verify/index.ts')).verify(options, init)),
    );
}
