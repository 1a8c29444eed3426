import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { VerifyProgress } from '../../../store/index.ts';
import { type VerifyLine, verifyLine } from '../../schemas/index.ts';
import { AdminError, READ_ERRORS } from '../errors.ts';
import { type HandlerParts, type Operation, operation } from '../operation.ts';
import { goneOf, NDJSON, ndjsonLine, reasonIn } from '../streaming.ts';

/** Least milliseconds between two lines of progress. */
const PROGRESS_MS = 100;

const RUNNING = new AdminError(
  'VERIFY_RUNNING',
  'a verification is running already; ask again when it has ended',
);

/** Only for clients that may write: a verification reads the whole set. */
export const verifyOperations: readonly Operation[] = [
  operation({
    id: 'verify',
    method: 'POST',
    path: '/v1/verify',
    tag: 'store',
    access: 'write',
    summary: 'Checks the whole database',
    description:
      'One verification at a time; it ends when its client disconnects. Lines of progress come first; the ' +
      'last line is the result or an error.',
    answers: {
      200: {
        description: 'Lines of JSON',
        type: NDJSON,
        content: verifyLine,
      },
    },
    errors: ['VERIFY_RUNNING', ...READ_ERRORS],
    handle: (call, parts) => verify(call.reply, parts),
  }),
];

async function verify(reply: FastifyReply, parts: HandlerParts): Promise<FastifyReply> {
  const { running } = parts;
  if (running.has('verify')) throw RUNNING;
  running.add('verify');
  const lines = await begin(parts, reply, () => running.delete('verify'));
  return reply.type(`${NDJSON}; charset=utf-8`).send(lines);
}

/**
 * Begins a verification, which ends when its client disconnects. Resolves with its lines once there is
 * a first; rejects if the verification fails before.
 */
function begin(parts: HandlerParts, reply: FastifyReply, ended: () => void): Promise<PassThrough> {
  const { node, clock, closing } = parts;
  const reasonOf = reasonIn(parts, 'a verification failed');
  const { promise, resolve, reject } = Promise.withResolvers<PassThrough>();
  const lines = new PassThrough();
  const write = (line: VerifyLine) => {
    lines.write(ndjsonLine(line));
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
    write({ error: reasonOf(error) });
  };
  void node
    .verify({ signal: goneOf(reply, closing), progress })
    .then((result) => write({ result }), failed)
    .finally(() => {
      ended();
      lines.end();
    });
  return promise;
}
