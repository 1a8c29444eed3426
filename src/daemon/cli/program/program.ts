import { EXIT_MEANINGS } from '../../errors.ts';
import type { CliInit } from '../init.ts';
import { VerbCommand } from '../verb-command.ts';
import { addCompletion, addVerify } from './care-verbs.ts';
import { addControl } from './control-verbs.ts';
import { addExplain } from './explain-verbs.ts';
import { addExport, addImport, addItems } from './item-verbs.ts';
import { addMesh } from './mesh-verbs.ts';
import { addKeys, addStart } from './node-verbs.ts';
import { addRefusals } from './refusal-verbs.ts';

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
  addRefusals(program);
  addMesh(program);
  addExplain(program);
  addVerify(program);
  addControl(program);
  addCompletion(program);
  return program;
}

function exitCodes(): string {
  const lines = Object.entries(EXIT_MEANINGS).map(
    ([code, words]) => `  ${code.padEnd(4)} ${words}`,
  );
  return ['', 'Exit codes:', ...lines].join('\n');
}
