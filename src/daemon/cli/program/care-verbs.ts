import { Argument } from 'commander';
import type { Shell } from '../completion/index.ts';
import type { CliInit } from '../init.ts';
import type { VerbCommand } from '../verb-command.ts';

/** `verify`. */
export function addVerify(program: VerbCommand): void {
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
    .runs(async () => (await import('../verify/index.ts')).verify);
}

/** `completion`. */
export function addCompletion(program: VerbCommand): void {
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
      const { completion } = await import('../completion/index.ts');
      return (shell: Shell, _: object, { stdout }: CliInit) => completion(shell, program, stdout);
    });
}
