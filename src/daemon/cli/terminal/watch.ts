import type { Cancel } from '../../../store/index.ts';
import { EXIT } from '../../errors.ts';
import { type CliInit, write } from '../init.ts';

export interface WatchInit {
  readonly seconds: number;
  readonly cli: Pick<CliInit, 'stdout' | 'clock' | 'onStop'>;
  /** Draws each block over the one before: standard output is a terminal. */
  readonly redraw: boolean;
  /** Stands between blocks that are not drawn over each other. */
  readonly between: string;
  /** The next block; null: nothing to show this time. Rejects to end the watch. */
  readonly block: () => Promise<string | null>;
}

/** Home, no line breaks of its own, and a blank rest: a block is drawn over the one before. */
const BEGIN = '\u001b[H\u001b[?7l';
const LINE_END = '\u001b[K';
const END = '\u001b[J\u001b[?7h';
const CLEAR = '\u001b[2J';

/** SIGINT is how people end a watch. */
const EXITS: Readonly<Record<string, number>> = {
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hangup,
};

/**
 * Shows a block each time the interval has passed, until a signal ends it. A terminal is drawn again, other
 * streams get one block after the other. Resolves with the exit code.
 */
export async function watch(init: WatchInit): Promise<number> {
  const { seconds, redraw, between, block } = init;
  const { stdout, clock, onStop } = init.cli;
  const stopped = Promise.withResolvers<number>();
  let isOver = false;
  let cancel: Cancel | undefined;
  const forget = onStop((reason) => {
    isOver = true;
    stopped.resolve(EXITS[reason] ?? EXIT.ok);
  });
  const pause = () =>
    new Promise<void>((resolve) => {
      cancel = clock.after(seconds * 1_000, resolve);
    });
  const run = async (): Promise<number> => {
    let before = redraw ? CLEAR : '';
    while (!isOver) {
      const text = await block();
      if (text !== null && !isOver) {
        await write(stdout, `${before}${redraw ? drawn(text, stdout.rows) : `${text}\n`}`);
        before = redraw ? '' : between;
      }
      if (!isOver) await pause();
    }
    return stopped.promise;
  };
  try {
    return await Promise.race([stopped.promise, run()]);
  } finally {
    cancel?.();
    forget();
  }
}

function drawn(text: string, rows = Number.POSITIVE_INFINITY): string {
  const lines = text.split('\n').slice(0, Math.max(1, rows - 1));
  return `${BEGIN}${lines.map((line) => `${line}${LINE_END}\n`).join('')}${END}`;
}
