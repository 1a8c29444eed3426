import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyReply, onRequestHookHandler } from 'fastify';
import type { Clock, VerifyProgress, VerifyResult } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import type { Node } from '../node-api.ts';
import { endpoint, plain } from './endpoint.ts';
import { AdminError, type ErrorResponse, refusalOf } from './errors.ts';
import { readJsonBodies } from './mesh.ts';
import { readNoBody } from './query.ts';

export interface VerifyRoutesInit {
  node: Node;
  clock: Clock;
  logger: Logger;
  /** Lets through only who may write: a verification costs a look at the whole set. */
  writers: onRequestHookHandler;
  /** Ends a running verification. */
  closing: AbortSignal;
}

/** One line of the answer; the last is a result or an error. */
export type VerifyLine =
  | { readonly progress: VerifyProgress }
  | { readonly result: VerifyResult }
  | { readonly error: Pick<ErrorResponse, 'code' | 'message'> };

/** Least milliseconds between two lines of progress. */
const PROGRESS_MS = 100;

/** `POST /v1/verify`: one verification at a time, its progress as NDJSON. */
export function verifyRoutes(app: FastifyInstance, init: VerifyRoutesInit): void {
  let running = false;
  readJsonBodies(app);
  endpoint(app, '/v1/verify', {
    POST: {
      before: init.writers,
      handler: plain(async ({ body }, reply) => {
        readNoBody(body);
        if (running) {
          const advice = 'a verification is running already; ask again when it has ended';
          throw new AdminError(409, 'VERIFY_RUNNING', advice);
        }
        running = true;
        const run = new VerifyRun(init, reply);
        void run.ended.finally(() => {
          running = false;
        });
        return reply.type('application/x-ndjson; charset=utf-8').send(await run.answer);
      }),
    },
  });
}

/** A verification, as long as somebody listens to it. */
class VerifyRun {
  /** The lines, once there is a first; rejects when it fails before. */
  readonly answer: Promise<PassThrough>;
  readonly ended: Promise<void>;
  readonly #init: VerifyRoutesInit;
  readonly #lines = new PassThrough();
  readonly #gone = new AbortController();
  readonly #begun = Promise.withResolvers<PassThrough>();
  #phase: VerifyProgress['phase'] | null = null;
  #toldAt = 0;

  constructor(init: VerifyRoutesInit, reply: FastifyReply) {
    this.#init = init;
    this.answer = this.#begun.promise;
    reply.raw.once('close', () => this.#gone.abort(GONE));
    this.ended = this.#run();
  }

  async #run(): Promise<void> {
    const { node, closing, logger } = this.#init;
    const signal = AbortSignal.any([this.#gone.signal, closing]);
    try {
      const result = await node.verify({ signal, progress: (progress) => this.#told(progress) });
      this.#write({ result });
    } catch (error) {
      if (this.#phase === null) return this.#begun.reject(error);
      const { status, code, message } = refusalOf(error, NO_BODY);
      if (status === 500) logger.error({ err: error, code }, 'a verification failed');
      this.#write({ error: { code, message } });
    }
    this.#lines.end();
  }

  /** Not every step is worth a line, and none waits for a slow reader. */
  #told(progress: VerifyProgress): void {
    const now = this.#init.clock.monotonic();
    const same = progress.phase === this.#phase;
    if (same && (now - this.#toldAt < PROGRESS_MS || this.#lines.writableNeedDrain)) return;
    this.#phase = progress.phase;
    this.#toldAt = now;
    this.#write({ progress });
  }

  #write(line: VerifyLine): void {
    this.#lines.write(`${JSON.stringify(line)}\n`);
    this.#begun.resolve(this.#lines);
  }
}

const GONE = new AdminError(408, 'REQUEST_TIMEOUT', 'whoever asked for the verification is gone');
const NO_BODY = { code: 'BODY_TOO_LARGE', bytes: 0 } as const;
