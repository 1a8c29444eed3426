import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { VerifyProgress, VerifyResult } from '../../store/index.ts';
import { endpoint, plain, type RoutesInit } from './endpoint.ts';
import { AdminError, type ErrorResponse, refusalOf } from './errors.ts';
import { readJsonBodies } from './mesh.ts';
import { readNoBody } from './query.ts';

/** One line of the answer; the last is a result or an error. */
export type VerifyLine =
  | { readonly progress: VerifyProgress }
  | { readonly result: VerifyResult }
  | { readonly error: Pick<ErrorResponse, 'code' | 'message'> };

/** Least milliseconds between two lines of progress. */
const PROGRESS_MS = 100;

const GONE = new AdminError(
  'REQUEST_TIMEOUT',
  'the client that asked for the verification is gone',
);
const RUNNING = new AdminError(
  'VERIFY_RUNNING',
  'a verification is running already; ask again when it has ended',
);
const NO_BODY = { code: 'BODY_TOO_LARGE', bytes: 0 } as const;

/**
 * `POST /v1/verify`: one verification at a time, its progress as NDJSON. Only for clients that may write:
 * a verification reads the whole set.
 */
export function verifyRoutes(app: FastifyInstance, init: RoutesInit): void {
  let running = false;
  readJsonBodies(app);
  endpoint(app, '/v1/verify', init.writers, {
    POST: plain(async ({ body }, reply) => {
      readNoBody(body);
      if (running) throw RUNNING;
      running = true;
      const lines = await begin(init, reply, () => {
        running = false;
      });
      return reply.type('application/x-ndjson; charset=utf-8').send(lines);
    }),
  });
}

/**
 * Begins a verification, which ends when its client disconnects. Resolves with its lines once there is
 * a first; rejects if the verification fails before.
 */
function begin(
  { node, clock, logger, closing }: RoutesInit,
  reply: FastifyReply,
  ended: () => void,
): Promise<PassThrough> {
  const { promise, resolve, reject } = Promise.withResolvers<PassThrough>();
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(GONE));
  const lines = new PassThrough();
  const write = (line: VerifyLine) => {
    lines.write(`${JSON.stringify(line)}\n`);
    resolve(lines);
  };
  let told: { phase: VerifyProgress['phase']; at: number } | undefined;
  /** Steps that follow each other too fast, or find the reader slow, are left out. */
  const progress = (progress: VerifyProgress) => {
    const at = clock.monotonic();
    const same = told?.phase === progress.phase;
    if (same && (at - told!.at < PROGRESS_MS || lines.writableNeedDrain)) return;
    told = { phase: progress.phase, at };
    write({ progress });
  };
  const failed = (error: unknown) => {
    if (told === undefined) return reject(error);
    const { status, code, message } = refusalOf(error, NO_BODY);
    if (status === 500) logger.error({ err: error, code }, 'a verification failed');
    write({ error: { code, message } });
  };
  void node
    .verify({ signal: AbortSignal.any([gone.signal, closing]), progress })
    .then((result) => write({ result }), failed)
    .finally(() => {
      ended();
      lines.end();
    });
  return promise;
}
