import type { AdminClient } from '../client/index.ts';
import { DaemonError, EXIT } from '../errors.ts';
import type { CallSettings, DaemonClient } from './client/index.ts';
import { formatError, type LastWords, lastWords } from './errors.ts';
import { type CliInit, printLine } from './init.ts';
import { connect, type TargetOptions } from './locate.ts';
import { type Screen, screenOf, startProgress, watch, wrap } from './terminal/index.ts';

/** The options of a verb that shows an answer of the daemon. */
export interface AskOptions extends TargetOptions {
  /** Seconds from one answer to the next; true: as usual. */
  watch?: number | true;
  /** Whole data on a terminal too. */
  wide?: boolean;
}

/** Text for people: data, and advice that is no data. */
interface Shown {
  readonly text: string;
  readonly advice: readonly string[];
}

/** A call, and how its answer is shown. */
export interface AskInit<T> extends CallSettings {
  call: (daemon: AdminClient) => Promise<T>;
  /** The answer as text. Lines that are too long for the screen go on below. */
  show: (answer: T, screen: Screen) => string | Shown;
  /**
   * Said on a terminal, with the time that has passed, until the answer comes.
   * @default nothing: the answer comes at once
   */
  busy?: string;
  /** @default `EXIT.ok` */
  exitCode?: (answer: T) => number;
  /**
   * The last words where the answer tells of a failure, and the exit code then. A watch leaves them out.
   * @default nothing in an answer is a failure
   */
  failure?: (answer: T) => LastWords | null;
}

const WATCH_SECONDS = 2;

/**
 * Makes one call to the daemon and prints the answer, as JSON or as text; resolves with the exit code. With
 * `watch` it does so again and again.
 */
export async function ask<T>(
  options: AskOptions,
  init: CliInit,
  { call, show, busy, exitCode = () => EXIT.ok, failure = () => null, ...settings }: AskInit<T>,
): Promise<number> {
  const screen = screenOf(init.stdout, init, options);
  const get = () => withClient(options, init, (client) => client.ask(call, settings));
  const shown = (answer: T): Shown => {
    const all = show(answer, screen);
    const { text, advice } = typeof all === 'string' ? { text: all, advice: [] } : all;
    return { text: wrap(text, screen), advice };
  };
  if (options.watch !== undefined) {
    return watchAnswers(options, init, async () => {
      const answer = await get();
      if (options.json === true) return JSON.stringify(answer);
      const { text, advice } = shown(answer);
      return [text, ...advice].filter((part) => part !== '').join('\n');
    });
  }
  const answer = await (busy === undefined ? get() : whileBusy(busy, init, get));
  const { text, advice } = shown(answer);
  await printAnswer(options, init, answer, text, advice);
  const words = failure(answer);
  if (words === null) return exitCode(answer);
  await printLine(init.stderr, formatError(words, { json: options.json === true }));
  return words.exitCode;
}

async function whileBusy<T>(
  label: string,
  { stderr, clock }: CliInit,
  get: () => Promise<T>,
): Promise<T> {
  const bar = startProgress({ stream: stderr, clock, label, total: null });
  try {
    return await get();
  } finally {
    bar.end();
  }
}

/** The daemon must answer at first. Later its absence is told, and the watch goes on: it may start anew. */
function watchAnswers(
  { json = false, watch: seconds }: AskOptions,
  init: CliInit,
  next: () => Promise<string>,
): Promise<number> {
  const redraw = init.stdout.isTTY === true && !json;
  let answered = false;
  const block = async () => {
    try {
      const text = await next();
      answered = true;
      return text;
    } catch (error) {
      const isGone = error instanceof DaemonError && error.exitCode === EXIT.unavailable;
      if (!answered || !isGone) throw error;
      const words = formatError(lastWords(error), { json });
      if (redraw) return words;
      await printLine(init.stderr, words);
      return null;
    }
  };
  return watch({
    seconds: typeof seconds === 'number' ? seconds : WATCH_SECONDS,
    cli: init,
    redraw,
    between: json ? '' : '\n',
    block,
  });
}

/** The outcome of `use`, which gets a client of the daemon. */
export async function withClient<T>(
  options: TargetOptions,
  init: CliInit,
  use: (client: DaemonClient) => Promise<T>,
): Promise<T> {
  const client = await connect(options, init);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Prints data as JSON or as text; `advice` goes to people alone, on standard error. */
export async function printAnswer(
  { json }: { readonly json?: boolean },
  { stdout, stderr }: CliInit,
  answer: unknown,
  text: string,
  advice: readonly string[] = [],
): Promise<void> {
  if (json === true) return printLine(stdout, JSON.stringify(answer));
  if (text !== '') await printLine(stdout, text);
  for (const line of advice) await printLine(stderr, line);
}
