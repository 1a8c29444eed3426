import type { VerbCommand } from '../verb-command.ts';

const FILE = 'read ids from a file, one a line; - is standard input';

/** `refuse`, `unrefuse` and `refused`. */
export function addRefusals(program: VerbCommand): void {
  program
    .clientVerb('refuse')
    .description(
      'Keeps items out of this node for good, and drops those that it holds. Other nodes keep theirs.',
    )
    .argument('[id...]', '64 hexadecimal digits each')
    .option('--file <file>', FILE)
    .option('--reason <text>', 'for operators, at most 256 bytes')
    .examples(
      `rangemesh refuse --reason spam ${'3f1c09ab'.repeat(8)}`,
      'rangemesh refuse --file spam.txt',
    )
    .runs(async () => (await import('../items/index.ts')).refuse);
  program
    .clientVerb('unrefuse')
    .description('Lets refused items in again: peers that hold them bring them.')
    .argument('[id...]', '64 hexadecimal digits each')
    .option('--file <file>', FILE)
    .examples('rangemesh refused ls --json | jq -r .id | rangemesh unrefuse --file -')
    .runs(async () => (await import('../items/index.ts')).unrefuse);
  const refused = program
    .command('refused')
    .description('Shows the items that are kept out.')
    .examples('rangemesh refused ls');
  refused
    .clientVerb('ls')
    .description('Lists each refused item: id, time, who refused it, and the reason.')
    .wideOption()
    .examples('rangemesh refused ls', 'rangemesh refused ls --json | jq -r .id')
    .runs(async () => (await import('../items/index.ts')).listRefused);
}
