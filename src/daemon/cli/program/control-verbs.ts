import { Argument } from 'commander';
import { LOG_LEVELS } from '../../log/options.ts';
import { configFlags } from '../flags.ts';
import type { CliInit } from '../init.ts';
import type { VerbCommand } from '../verb-command.ts';

const PEER = 'peer id as "rangemesh peers" shows it (default: all peers)';

/** Declares the verbs of this room. */
export function addControl(program: VerbCommand): void {
  addConfig(program);
  addLog(program);
  addPause(program);
  addRetention(program);
  program
    .clientVerb('compact')
    .description('Has the database give back the space of removed and replaced records.')
    .examples('rangemesh compact', 'rangemesh compact --json')
    .runs(async () => (await import('../control/index.ts')).compact);
  program
    .clientVerb('doctor')
    .wideOption()
    .description(
      'Looks for troubles of the machine, the data directory, the daemon and its peers, and says what to ' +
        'do; the daemon need not run. Exit code 78, 74 or 69: something fails, see "Exit codes".',
    )
    .examples('rangemesh doctor --config rangemesh.yaml', 'rangemesh doctor --json')
    .runs(async () => (await import('../doctor/index.ts')).doctor);
}

function addConfig(program: VerbCommand): void {
  const config = program
    .command('config')
    .description('Checks, shows and reloads the configuration.')
    .examples(
      'rangemesh config check',
      'rangemesh config show --running',
      'rangemesh config reload',
    );
  const check = config
    .command('check')
    .description('Checks file, environment and flags as a start would. Exit code 78: a mistake.')
    .option('-c, --config <file>', 'configuration file (default: ./rangemesh.yaml if there is one)')
    .option('--json', 'print JSON')
    .examples('rangemesh config check --config /etc/rangemesh/rangemesh.yaml');
  const settings = configFlags(check);
  check.runs(async () => {
    const { checkConfiguration } = await import('../control/index.ts');
    return (options: { config?: string; json?: boolean }, init: CliInit) =>
      checkConfiguration(options, settings(), init);
  });
  config
    .clientVerb('show')
    .wideOption()
    .description('Shows each value and where it was written: file, environment, flag or default.')
    .option('--running', 'the values that count in the running daemon')
    .examples('rangemesh config show', 'rangemesh config show --running --json')
    .runs(async () => (await import('../control/index.ts')).showConfiguration);
  config
    .command('schema')
    .description('Prints the JSON Schema of the configuration file, for editors.')
    .option('--json', 'print it on one line')
    .examples('rangemesh config schema > rangemesh.schema.json')
    .runs(async () => (await import('../control/index.ts')).printSchema);
  config
    .clientVerb('reload')
    .description(
      'Has the running daemon read its configuration again, and names the keys that need a restart.',
    )
    .examples('rangemesh config reload')
    .runs(async () => (await import('../control/index.ts')).reload);
}

function addLog(program: VerbCommand): void {
  program
    .command('log')
    .description('Steers the log of the running daemon.')
    .examples('rangemesh log level debug')
    .clientVerb('level')
    .description('Shows or sets the level of the log. It counts until the next reload or start.')
    .addArgument(new Argument('[level]', 'least severe level that is logged').choices(LOG_LEVELS))
    .examples('rangemesh log level', 'rangemesh log level debug')
    .runs(async () => (await import('../control/index.ts')).logLevel);
}

function addPause(program: VerbCommand): void {
  program
    .clientVerb('pause')
    .description(
      'Pauses replication with a peer, or with all; puts and reads go on, and the state says "paused".',
    )
    .argument('[peer-id]', PEER)
    .option('--keep', 'also after a restart, until "rangemesh resume"')
    .examples('rangemesh pause', 'rangemesh pause 12D3KooW... --keep')
    .runs(async () => (await import('../control/index.ts')).pause);
  program
    .clientVerb('resume')
    .description('Ends the pause of a peer, or all pauses.')
    .argument('[peer-id]', PEER)
    .examples('rangemesh resume', 'rangemesh resume 12D3KooW...')
    .runs(async () => (await import('../control/index.ts')).resume);
}

function addRetention(program: VerbCommand): void {
  const retention = program
    .clientVerb('retention')
    .description('Shows which hints are kept, and how far the removal of other items is.')
    .examples('rangemesh retention', 'rangemesh retention confirm')
    .runs(async () => (await import('../control/index.ts')).retention);
  retention
    .clientVerb('confirm')
    .description(
      'Says that the clock of the machine is right, after a jump of the clock stopped the removal of items.',
    )
    .examples('rangemesh retention confirm')
    .runs(async () => (await import('../control/index.ts')).confirmRetention);
}
