import type { FastifyReply } from 'fastify';
import type { VerifyProgress, VerifyResult } from '../../../store/index.ts';
import { verifyLine } from '../../schemas/index.ts';
import { AdminError, READ_ERRORS } from '../errors.ts';
import { type HandlerParts, type Operation, operation } from '../operation.ts';
import { goneOf, NDJSON } from '../streaming.ts';
import { progressLines } from './progress-lines.ts';

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
  const { node, running, closing } = parts;
  if (running.has('verify')) throw RUNNING;
  running.add('verify');
  const signal = goneOf(reply, closing);
  const lines = await progressLines<VerifyProgress, VerifyResult>(parts, {
    name: 'a verification',
    run: (progress) => node.verify({ signal, progress }),
    stepOf: ({ phase }) => phase,
    ended: () => running.delete('verify'),
  });
  return reply.type(`${NDJSON}; charset=utf-8`).send(lines);
}
