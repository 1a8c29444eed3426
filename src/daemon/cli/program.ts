import { Argument, Command, Option } from 'commander';
import { configFlags, parseBytes, parseConcurrency, parseHintFlag } from './flags.ts';
import type { CliInit } from './init.ts';

/** Takes the arguments of the command line, its options and `CliInit`; resolves with the exit code. */
type Verb = (...given: never[]) => Promise<number>;

class VerbCommand extends Command {
  readonly #init: CliInit;
  readonly #exit: (code: number) => void;

  constructor(name: string | undefined, init: CliInit, exit: (code: number) => void) {
    super(name);
    this.#init = init;
    this.#exit = exit;
  }

  override createCommand(name?: string): VerbCommand {
    return new VerbCommand(name, this.#init, this.#exit);
  }

  /** A verb that speaks to a daemon, with the options by which it finds the daemon. */
  clientVerb(name: string): VerbCommand {
    return this.command(name)
      .option('-c, --config <file>', 'configuration of the daemon (default: ./rangemesh.yaml)')
      .option('--data-dir <dir>', 'data directory of the daemon, instead of --config')
      .option(
        '--url <url>',
        'admin endpoint, instead of either; a token goes to any program there (RANGEMESH_URL)',
      )
      .option('--token-file <file>', 'file with the bearer token (else RANGEMESH_TOKEN)')
      .option('--json', 'print JSON');
  }

  examples(...lines: string[]): this {
    const text = ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
    return this.addHelpText('after', text);
  }

  /** The verb is loaded when it is called: help does not wait for it. */
  runs(load: () => Promise<Verb>): this {
    return this.action(async () => {
      const verb = await load();
      const given = [...this.processedArgs, this.optsWithGlobals(), this.#init];
      this.#exit(await verb(...(given as never[])));
    });
  }
}

/** The command line: every verb with its options and its help. `exit` gets the exit code of a verb. */
export function createProgram(init: CliInit, exit: (code: number) => void): Command {
  const program = new VerbCommand('rangemesh', init, exit)
    .description('Keeps an immutable, content-addressed item set equal across a mesh of peers.')
    .version(init.version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void init.stdout.write(text),
      writeErr: (text) => void init.stderr.write(text),
      outputError: (text, out) => out(`rangemesh: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('(--help shows what there is)')
    .examples(
      'rangemesh init mesh && rangemesh start --config mesh/rangemesh.yaml',
      'rangemesh import --config mesh/rangemesh.yaml ./photos',
      'rangemesh status --config mesh/rangemesh.yaml --json',
    );
  addStart(program);
  addItems(program);
  addImport(program);
  addMesh(program);
  addVerify(program);
  return program;
}

function addStart(program: VerbCommand): void {
  const command = program
    .command('start')
    .description('Runs a daemon until SIGTERM, SIGINT or SIGHUP; a second signal ends it at once.')
    .option('-c, --config <file>', 'configuration file (default: ./rangemesh.yaml if there is one)')
    .examples(
      'rangemesh start --config rangemesh.yaml',
      'rangemesh start --data-dir a --listen /ip4/127.0.0.1/tcp/0 --admin-port 0',
      'RANGEMESH_LOG_LEVEL=debug rangemesh start --set sync.intervalMs=5000',
    );
  const settings = configFlags(command);
  command.runs(async () => {
    const { start } = await import('./start.ts');
    return ({ config }: { config?: string }, init: CliInit) => start(config, settings(), init);
  });
  program
    .command('init')
    .description('Writes DIR/rangemesh.yaml: every key with its default and what it does.')
    .argument('<dir>', 'directory, made when it is missing')
    .option('--json', 'print JSON')
    .examples('rangemesh init /etc/rangemesh')
    .runs(async () => (await import('./setup.ts')).setup);
}

function maxBytes(description: string): Option {
  return new Option('--max-bytes <size>', description)
    .argParser(parseBytes)
    .default(parseBytes('16MiB'), '16MiB');
}

function addItems(program: VerbCommand): void {
  program
    .clientVerb('put')
    .description('Stores one item and prints its id.')
    .argument('[file]', 'file with the payload; - is standard input', '-')
    .option('--hint <number>', 'place in the order (default: now, in milliseconds)', parseHintFlag)
    .addOption(maxBytes('refuse longer input'))
    .examples('rangemesh put photo.jpg', 'date | rangemesh put --hint 42 --json')
    .runs(async () => (await import('./items.ts')).put);
  program
    .clientVerb('get')
    .description('Writes the payload of an item to standard output.')
    .argument('<id>', '64 hexadecimal digits')
    .option('-o, --output <file>', 'write to a file instead')
    .examples('rangemesh get 3f1c...9a -o photo.jpg')
    .runs(async () => (await import('./items.ts')).get);
  program
    .clientVerb('why')
    .description('Says whether an item is here, and if not, why.')
    .argument('<id>', '64 hexadecimal digits')
    .examples('rangemesh why 3f1c...9a')
    .runs(async () => (await import('./items.ts')).why);
}

function addImport(program: VerbCommand): void {
  program
    .clientVerb('import')
    .description(
      'Stores many items: every file of a directory tree (hint: modification time in ms), or every ' +
        'line of an NDJSON file (hint: one of its fields). Symbolic links are not followed.',
    )
    .argument('<path>', 'directory, or NDJSON file; - is NDJSON on standard input')
    .option('--hint-field <name>', 'NDJSON: field with the hint (default: hint)')
    .addOption(maxBytes('skip longer files and lines, and count them'))
    .option('--concurrency <count>', 'puts under way at a time', parseConcurrency, 32)
    .examples(
      'rangemesh import ./photos --max-bytes 1MiB',
      'rangemesh import events.ndjson --hint-field created_at --json',
      'zcat events.ndjson.gz | rangemesh import -',
    )
    .runs(async () => (await import('./import/index.ts')).importPath);
}

function addMesh(program: VerbCommand): void {
  program
    .clientVerb('status')
    .description('Shows the set, its fingerprint, and how many peers have the same.')
    .examples('rangemesh status', 'rangemesh status --json | jq .set')
    .runs(async () => (await import('./mesh.ts')).status);
  program
    .clientVerb('probe')
    .description(
      'Asks the daemon whether it is live or ready, for health checks. Exit code 0: it is, 1: it says why ' +
        'not, 69: it does not answer.',
    )
    .addArgument(new Argument('<state>', 'what to ask for').choices(['live', 'ready']))
    .examples('rangemesh probe live --data-dir /data', 'rangemesh probe ready')
    .runs(async () => (await import('./mesh.ts')).probe);
  const peers = program
    .clientVerb('peers')
    .description('Shows the peers, whether they are in sync, and their last sessions.')
    .examples(
      'rangemesh peers',
      'rangemesh peers add /ip4/192.0.2.7/tcp/9463',
      'rangemesh peers remove /ip4/192.0.2.7/tcp/9463',
    )
    .runs(async () => (await import('./mesh.ts')).peers);
  peers
    .clientVerb('add')
    .description(
      'Dials a peer, and keeps its address among those to dial until the daemon ends, also when ' +
        'no node answers there yet.',
    )
    .argument('<address>', 'multiaddr such as /ip4/192.0.2.7/tcp/9463')
    .runs(async () => (await import('./mesh.ts')).addPeer);
  peers
    .clientVerb('remove')
    .description(
      'Dials an address no more. An open connection stays; an address of the configuration is back ' +
        'at the next start.',
    )
    .argument('<address>', 'multiaddr as "rangemesh peers" shows it')
    .runs(async () => (await import('./mesh.ts')).removePeer);
  program
    .clientVerb('sync')
    .description('Runs a session with one peer or with all, and waits for the end.')
    .argument('[peer-id]', 'peer id (default: all connected peers)')
    .examples('rangemesh sync', 'rangemesh sync 12D3KooW...')
    .runs(async () => (await import('./mesh.ts')).sync);
}

function addVerify(program: VerbCommand): void {
  program
    .clientVerb('verify')
    .description(
      'Compares every payload with its id, the index with a recomputation, and all counts; changes ' +
        'nothing. A stopped data directory is read directly (no daemon can start on it meanwhile), a ' +
        'running daemon is asked. Exit code 0: clean, 74: damaged, 69: nothing there to verify. ' +
        '--json prints one object at the end; progress is shown on a terminal only.',
    )
    .examples(
      'rangemesh verify --config rangemesh.yaml',
      'rangemesh verify --data-dir /var/lib/rangemesh --json | jq .problems',
      'rangemesh verify --url http://127.0.0.1:9464 --token-file admin.token',
    )
    .runs(async () => (await import('./verify/index.ts')).verify);
}
