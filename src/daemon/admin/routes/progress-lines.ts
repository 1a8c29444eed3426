import { PassThrough } from 'node:stream';
import type { RefusalReason } from '../../node-api.ts';
import type { HandlerParts } from '../operation.ts';
import { ndjsonLine, reasonIn } from '../streaming.ts';

/** Least milliseconds between two lines of progress. */
const PROGRESS_MS = 100;

export interface LongWork<P, R> {
  /** For the log of an error that is not known. */
  readonly name: string;
  readonly run: (progress: (progress: P) => void) => Promise<R>;
  /** Another step is told of at once. */
  readonly stepOf: (progress: P) => string;
  readonly ended: () => void;
}

type ProgressLine<P, R> =
  | { readonly progress: P }
  | { readonly result: R }
  | { readonly error: RefusalReason };

/**
 * Begins work that takes long. Resolves with its lines of NDJSON once there is a first; rejects if the work
 * fails before.
 */
export function progressLines<P, R>(
  parts: HandlerParts,
  { name, run, stepOf, ended }: LongWork<P, R>,
): Promise<PassThrough> {
  const { clock } = parts;
  const reasonOf = reasonIn(parts, `${name} failed`);
  const { promise, resolve, reject } = Promise.withResolvers<PassThrough>();
  const lines = new PassThrough();
  const write = (line: ProgressLine<P, R>) => {
    lines.write(ndjsonLine(line));
    resolve(lines);
  };
  let told: { step: string; at: number } | undefined;
  /** Steps that follow each other too fast, or find the reader slow, are left out. */
  const progress = (progress: P) => {
    const at = clock.monotonic();
    const step = stepOf(progress);
    const same = told?.step === step;
    if (same && (at - told!.at < PROGRESS_MS || lines.writableNeedDrain)) return;
    told = { step, at };
    write({ progress });
  };
  const failed = (error: unknown) => {
    if (told === undefined) return reject(error);
    write({ error: reasonOf(error) });
  };
  void run(progress)
    .then((result) => write({ result }), failed)
    .finally(() => {
      ended();
      lines.end();
    });
  return promise;
}
