import { Argument, Option } from 'commander';
import { EXIT_MEANINGS } from '../errors.ts';
import type { Shell } from './completion/index.ts';
import {
  configFlags,
  parseBoundFlag,
  parseBytes,
  parseConcurrency,
  parseCount,
  parseHintFlag,
} from './flags.ts';
import type { CliInit } from './init.ts';
import { VerbCommand } from './verb-command.ts';

const ID = '64 hexadecimal digits, or the first 8 or more';

export interface ProgramPorts {
  /** Gets the exit code of a verb. */
  readonly exit: (code: number) => void;
  /** Gets the help that is shown because a verb is missing. */
  readonly writeHelp: (text: string) => void;
}

/** The command line: every verb with its options and its help. */
export function createProgram(init: CliInit, { exit, writeHelp }: ProgramPorts): VerbCommand {
  const program = new VerbCommand('rangemesh', init, exit)
    .description('Keeps an immutable, content-addressed item set equal across a mesh of peers.')
    .version(init.version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void init.stdout.write(text),
      writeErr: writeHelp,
      // The command line tells each error itself, with its code.
      outputError: () => undefined,
    })
    .targetOptions()
    .passesOptionsOn()
    .helpVerb()
    .examples(
      'rangemesh init mesh && rangemesh start --config mesh/rangemesh.yaml',
      'rangemesh import --config mesh/rangemesh.yaml ./photos',
      'rangemesh status --config mesh/rangemesh.yaml --json',
    )
    .addHelpText('after', exitCodes());
  addStart(program);
  addKeys(program);
  addItems(program);
  addImport(program);
  addExport(program);
  addMesh(program);
  addVerify(program);
  addCompletion(program);
  return program;
}

function exitCodes(): string {
  const lines = Object.entries(EXIT_MEANINGS).map(
    ([code, words]) => `  ${code.padEnd(4)} ${words}`,
  );
  return ['', 'Exit codes:', ...lines].join('\n');
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
}

function addKeys(program: VerbCommand): void {
  const init = program
    .command('init')
    .description(
      'Writes DIR/rangemesh.yaml: every key with what it does, and the values of the flags; makes the ' +
        'identity and the token of the node.',
    )
    .argument('<dir>', 'directory, made when it is missing')
    .option('--json', 'print JSON')
    .examples(
      'rangemesh init /etc/rangemesh',
      'rangemesh init b --access list --allow 12D3KooW... --peer /ip4/192.0.2.7/tcp/9463',
    );
  const settings = configFlags(init);
  init.runs(async () => {
    const { setup } = await import('./setup/index.ts');
    return (directory: string, options: { json?: boolean }, cli: CliInit) =>
      setup(directory, settings(), options, cli);
  });
  program
    .directoryVerb('id')
    .description('Prints the peer id of the node; makes its identity where there is none.')
    .examples('rangemesh id --config rangemesh.yaml', 'rangemesh id --data-dir mesh/data')
    .runs(async () => (await import('./setup/index.ts')).id);
  program
    .command('keygen')
    .description('Makes a key that nodes share.')
    .examples('rangemesh keygen psk --out mesh.psk')
    .command('psk')
    .description('Makes a pre-shared key for access.mode psk; the same file goes to every node.')
    .option('--out <file>', 'a new file, for its owner alone (default: standard output)')
    .option('--json', 'print JSON')
    .examples('rangemesh keygen psk --out mesh.psk')
    .runs(async () => (await import('./setup/index.ts')).keygenPsk);
}

function maxBytes(description: string): Option {
  return new Option('--max-bytes <size>', description)
    .argParser(parseBytes)
    .default(parseBytes('16MiB'), '16MiB');
}

function addItems(program: VerbCommand): void {
  program
    .clientVerb('put')
    .description(
      'Stores one item and prints its id; with --json also its hint, and whether it is new.',
    )
    .argument('[file]', 'file with the payload; - is standard input', '-')
    .option('--hint <number>', 'place in the order (default: now, in milliseconds)', parseHintFlag)
    .addOption(maxBytes('refuse longer input'))
    .examples('rangemesh put photo.jpg', 'date | rangemesh put --hint 42 --json')
    .runs(async () => (await import('./items/index.ts')).put);
  program
    .clientVerb('get')
    .description('Writes the payload of an item to standard output.')
    .argument('<id>', ID)
    .option('-o, --output <file>', 'write to a file instead')
    .option('--force', 'write to a terminal whatever the payload is')
    .option('--manifest <file>', 'of an import: in place of the id stands a path in it')
    .examples(
      'rangemesh get 3f1c09ab -o photo.jpg',
      'rangemesh get --manifest photos.ndjson 2024/photo.jpg -o photo.jpg',
    )
    .runs(async () => (await import('./items/index.ts')).get);
  program
    .clientVerb('why')
    .description('Says whether an item is here, and if not, why.')
    .argument('<id>', ID)
    .examples('rangemesh why 3f1c09ab')
    .runs(async () => (await import('./items/index.ts')).why);
  program
    .clientVerb('ls')
    .description('Lists hint, id and payload bytes of each item, in order.')
    .wideOption()
    .option('--from <hint>', 'first hint wanted', parseBoundFlag)
    .option('--to <hint>', 'first hint not wanted', parseBoundFlag)
    .option('--limit <count>', 'most items (default: all)', parseCount)
    .examples('rangemesh ls --limit 10', 'rangemesh ls --from 1700000000000 --json | jq -r .id')
    .runs(async () => (await import('./items/index.ts')).ls);
}

function addImport(program: VerbCommand): void {
  program
    .clientVerb('import')
    .description(
      'Stores many items: every file of a directory tree (hint: modification time in ms), or every ' +
        'line of an NDJSON file (hint: one of its fields), or the items of an export. Items that are held ' +
        'already are not sent. Symbolic links are not followed. SIGINT ends it, and says what was stored.',
    )
    .argument('<path>', 'directory, NDJSON file, or file of "export"; - is standard input')
    .option('--hint-field <name>', 'NDJSON: field with the hint (default: hint)')
    .addOption(maxBytes('skip longer files and lines, and count them'))
    .option('--concurrency <count>', 'files read at a time', parseConcurrency, 32)
    .option('--manifest <file>', 'add a line of JSON for each item: path, hint, size and id')
    .examples(
      'rangemesh import ./photos --max-bytes 1MiB',
      'rangemesh import events.ndjson --hint-field created_at --json',
      'zcat events.ndjson.gz | rangemesh import -',
      'rangemesh import ./photos --manifest photos.ndjson',
    )
    .runs(async () => (await import('./import/index.ts')).importPath);
}

function addExport(program: VerbCommand): void {
  program
    .clientVerb('export')
    .description(
      'Writes all items, or those of a range, as they are at one moment; "import" takes them on another node. ' +
        'Exit code 65: the export is cut, or its items do not add up to its fingerprint.',
    )
    .option('--from <hint>', 'first hint wanted', parseBoundFlag)
    .option('--to <hint>', 'first hint not wanted', parseBoundFlag)
    .addOption(
      new Option('--format <format>', 'lines of JSON, or records of bytes')
        .choices(['ndjson', 'binary'])
        .default('ndjson'),
    )
    .option('-o, --output <file>', 'write to a file (default: standard output)')
    .examples(
      'rangemesh export --format binary -o items.rangemesh',
      'rangemesh export --from 1700000000000 | zstd > items.ndjson.zst',
      'rangemesh import --config other/rangemesh.yaml items.rangemesh',
    )
    .runs(async () => (await import('./export/index.ts')).exportItems);
}

function addMesh(program: VerbCommand): void {
  program
    .clientVerb('status')
    .description('Shows the set, its fingerprint, and how many peers have the same.')
    .watchOption()
    .examples('rangemesh status', 'rangemesh status --watch 5', 'rangemesh status --json | jq .set')
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
    .wideOption()
    .examples(
      'rangemesh peers',
      'rangemesh peers add /ip4/192.0.2.7/tcp/9463',
      'rangemesh peers remove /ip4/192.0.2.7/tcp/9463',
      'rangemesh peers forget 12D3KooW...',
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
  peers
    .clientVerb('forget')
    .description(
      'Forgets a peer that is not connected and will not come back: its identity is gone for good.',
    )
    .argument('<peer-id>', 'peer id as "rangemesh peers" shows it')
    .runs(async () => (await import('./mesh.ts')).forgetPeer);
  program
    .clientVerb('sync')
    .description(
      'Runs a session with one peer or with all, waits for the end, and says whether the sets are ' +
        'equal. Exit code 3: they are not, or no peer is connected.',
    )
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

function addCompletion(program: VerbCommand): void {
  program
    .command('completion')
    .description(
      'Prints a script that completes verbs, options and their values in a shell. It needs no daemon.',
    )
    .addArgument(new Argument('<shell>', 'shell').choices(['bash', 'zsh', 'fish']))
    .examples(
      'rangemesh completion bash > /etc/bash_completion.d/rangemesh',
      'rangemesh completion zsh > "$fpath[1]/_rangemesh"',
      'rangemesh completion fish > ~/.config/fish/completions/rangemesh.fish',
    )
    .runs(async () => {
      const { completion } = await import('./completion/index.ts');
      return (shell: Shell, _: object, { stdout }: CliInit) => completion(shell, program, stdout);
    });
}
