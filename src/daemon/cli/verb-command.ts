import type { EventEmitter } from 'node:events';
import { Command, type ErrorOptions } from 'commander';
import { parseSeconds } from './flags.ts';
import type { CliInit } from './init.ts';

/** Takes the arguments of the command line, its options and `CliInit`; resolves with the exit code. */
type Verb = (...given: never[]) => Promise<number>;

interface GivenOption {
  readonly long: string;
  readonly name: string;
  readonly value: unknown;
}

/** A command, and how verbs are declared. */
export class VerbCommand extends Command {
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

  /** Names the verbs below this one where the word is none of them. */
  override error(message: string, options?: ErrorOptions): never {
    const names = this.commands.map((verb) => verb.name());
    if (options?.code !== 'commander.excessArguments' || names.length === 0) {
      return super.error(message, options);
    }
    const list = names.join(', ');
    return super.error(`error: ${this.name()} has no verb '${this.args[0]}', but ${list}`, options);
  }

  /** A verb that speaks to a daemon, with the options by which it finds the daemon. */
  clientVerb(name: string): VerbCommand {
    return this.command(name).targetOptions();
  }

  /** A verb that looks at the directory of a node. */
  directoryVerb(name: string): VerbCommand {
    return this.command(name).directoryOptions().option('--json', 'print JSON');
  }

  targetOptions(): this {
    return this.directoryOptions()
      .option(
        '--url <url>',
        'admin endpoint, instead of either; a token goes to any program there (RANGEMESH_URL)',
      )
      .option('--token-file <file>', 'file with the bearer token (else RANGEMESH_TOKEN)')
      .option('--json', 'print JSON');
  }

  directoryOptions(): this {
    return this.option(
      '-c, --config <file>',
      'configuration of the daemon (default: ./rangemesh.yaml)',
    ).option('--data-dir <dir>', 'data directory of the daemon, instead of --config');
  }

  /** For verbs that `ask`: the answer again and again. */
  watchOption(): this {
    return this.option(
      '-w, --watch [seconds]',
      'ask again each time so many seconds have passed (default: 2), until SIGINT',
      parseSeconds,
    );
  }

  /** For verbs that print a table. */
  wideOption(): this {
    return this.option('--wide', 'print whole ids and all facts, on a terminal too');
  }

  /** Those of the verbs around this one, too; what stands further behind counts. */
  #allOptions(): object {
    const outer = this.parent instanceof VerbCommand ? this.parent.#allOptions() : {};
    return { ...outer, ...this.opts() };
  }

  /** Hands the options that stand before a verb to the verb, through verbs that only group others. */
  passesOptionsOn(): this {
    return this.enablePositionalOptions().hook('preSubcommand', (_, verb) => {
      for (const given of this.#given()) handOn(given, verb);
    });
  }

  #given(): GivenOption[] {
    return this.options.flatMap((option) => {
      const name = option.attributeName();
      const value: unknown = this.getOptionValue(name);
      return value === undefined ? [] : [{ long: option.long ?? '', name, value }];
    });
  }

  /** A verb that shows the help of a verb by its name, also of one below another. */
  helpVerb(): this {
    this.helpCommand(false)
      .command('help')
      .description('Shows the help of a verb.')
      .argument('[verb...]')
      .action((names: string[]) => {
        let found: Command = this;
        for (const name of names) {
          const next = found.commands.find((each) => each.name() === name);
          if (next === undefined) found.error(`error: there is no verb '${names.join(' ')}'`);
          found = next;
        }
        found.outputHelp();
      });
    return this;
  }

  examples(...lines: string[]): this {
    const text = ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
    return this.addHelpText('after', text);
  }

  /** The verb is loaded when it is called: help does not wait for it. */
  runs(load: () => Promise<Verb>): this {
    return this.action(async () => {
      const verb = await load();
      const given = [...this.processedArgs, this.#allOptions(), this.#init];
      this.#exit(await verb(...(given as never[])));
    });
  }
}

function handOn(given: GivenOption, verb: Command): void {
  const option = verb.options.find((each) => each.attributeName() === given.name);
  if (option !== undefined) {
    // Commander's types leave out that a command is an emitter, on which its options arrive.
    const emitter = verb as unknown as EventEmitter;
    emitter.emit(`option:${option.name()}`, option.isBoolean() ? undefined : given.value);
  } else if (verb.commands.length > 0) {
    verb.hook('preSubcommand', (_, below) => handOn(given, below));
  } else {
    verb.error(`error: ${verb.name()} takes no option '${given.long}'`);
  }
}
