import { configFlags } from '../flags.ts';
import type { CliInit } from '../init.ts';
import type { VerbCommand } from '../verb-command.ts';

/** `start`. */
export function addStart(program: VerbCommand): void {
  const command = program
    .command('start')
    .description(
      'Runs a daemon until SIGTERM or SIGINT; a second signal ends it at once. SIGHUP reloads the configuration.',
    )
    .option('-c, --config <file>', 'configuration file (default: ./rangemesh.yaml if there is one)')
    .examples(
      'rangemesh start --config rangemesh.yaml',
      'rangemesh start --data-dir a --listen /ip4/127.0.0.1/tcp/0 --admin-port 0',
      'RANGEMESH_LOG_LEVEL=debug rangemesh start --set sync.intervalMs=5000',
    );
  const settings = configFlags(command);
  command.runs(async () => {
    const { start } = await import('../start.ts');
    return ({ config }: { config?: string }, init: CliInit) => start(config, settings(), init);
  });
}

/** `init`, `id` and `keygen`. */
export function addKeys(program: VerbCommand): void {
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
    const { setup } = await import('../setup/index.ts');
    return (directory: string, options: { json?: boolean }, cli: CliInit) =>
      setup(directory, settings(), options, cli);
  });
  program
    .directoryVerb('id')
    .description('Prints the peer id of the node; makes its identity where there is none.')
    .examples('rangemesh id --config rangemesh.yaml', 'rangemesh id --data-dir mesh/data')
    .runs(async () => (await import('../setup/index.ts')).id);
  program
    .command('keygen')
    .description('Makes a key that nodes share.')
    .examples('rangemesh keygen psk --out mesh.psk')
    .command('psk')
    .description('Makes a pre-shared key for access.mode psk; the same file goes to every node.')
    .option('--out <file>', 'a new file, for its owner alone (default: standard output)')
    .option('--json', 'print JSON')
    .examples('rangemesh keygen psk --out mesh.psk')
    .runs(async () => (await import('../setup/index.ts')).keygenPsk);
}
