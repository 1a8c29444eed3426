import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CompactProgress, CompactResult } from '../../../store/index.ts';
import {
  compactLine,
  compactResult,
  configurationAnswer,
  logLevelAnswer,
  logLevelBody,
  pauseBody,
  pauseState,
  reloadAnswer,
  resumeBody,
} from '../../schemas/index.ts';
import { AdminError } from '../errors.ts';
import { type HandlerParts, json, type Operation, operation } from '../operation.ts';
import { accepts, NDJSON } from '../streaming.ts';
import { progressLines } from './progress-lines.ts';

const COMPACTING = new AdminError(
  'COMPACT_RUNNING',
  'the database is being compacted already; ask again when that has ended',
);

/** The configuration, pauses and the database in the hands of an operator. */
export const controlOperations: readonly Operation[] = [
  operation({
    id: 'getConfiguration',
    method: 'GET',
    path: '/v1/config',
    tag: 'control',
    access: 'read',
    summary: 'The values that count',
    description: 'Each key of the configuration with its value and where it was written.',
    answers: { 200: json(configurationAnswer, 'The configuration') },
    errors: [],
    handle: (_call, { control }) => control.configuration(),
  }),
  operation({
    id: 'reload',
    method: 'POST',
    path: '/v1/config/reload',
    tag: 'control',
    access: 'write',
    summary: 'Reads the configuration again',
    description:
      'Takes the new values of all keys that can change at run time, and names the others. At any mistake ' +
      'all values stay as they are.',
    answers: { 200: json(reloadAnswer, 'The keys that changed') },
    errors: [
      ...(['CONFIG_INVALID', 'CONFIG_UNREADABLE', 'ADMIN_EXPOSED', 'TOKEN_UNREADABLE'] as const),
      ...(['NOT_RELOADABLE', 'TOO_MANY_ADDRESSES'] as const),
    ],
    handle: (_call, { control }) => control.reload(),
  }),
  operation({
    id: 'setLogLevel',
    method: 'POST',
    path: '/v1/config/log-level',
    tag: 'control',
    access: 'write',
    summary: 'Sets the level of the log',
    description: 'It counts until the next reload or start.',
    body: logLevelBody,
    answers: { 200: json(logLevelAnswer, 'The level from now on') },
    errors: [],
    handle({ body }, { control }) {
      control.setLogLevel(body.level);
      return body;
    },
  }),
  operation({
    id: 'pause',
    method: 'POST',
    path: '/v1/pause',
    tag: 'control',
    access: 'write',
    summary: 'Pauses replication',
    description:
      'With all peers, or with `peerId` alone. Sessions and fetches under way end; puts and reads go on. ' +
      'With `keep` also after a restart.',
    body: pauseBody,
    answers: { 200: json(pauseState, 'All pauses') },
    errors: ['TOO_MANY_PAUSED', 'OWN_PEER', 'UNKNOWN_PEER'],
    handle: ({ body: { peerId, keep = false } }, { control }) =>
      control.pause({ keep, ...(peerId !== undefined && { peerId }) }),
  }),
  operation({
    id: 'resume',
    method: 'POST',
    path: '/v1/resume',
    tag: 'control',
    access: 'write',
    summary: 'Ends pauses',
    description: 'Of `peerId` alone, or all pauses.',
    body: resumeBody,
    answers: { 200: json(pauseState, 'The pauses that are left') },
    errors: ['OWN_PEER', 'UNKNOWN_PEER'],
    handle: ({ body }, { control }) => control.resume(body.peerId),
  }),
  operation({
    id: 'compact',
    method: 'POST',
    path: '/v1/compact',
    tag: 'store',
    access: 'write',
    summary: 'Compacts the database',
    description:
      'Drops the space of removed and replaced records. Once at a time; it goes on when its client is gone. ' +
      '`Accept: application/x-ndjson` asks for lines of progress; the last line is the result or an error.',
    answers: {
      200: {
        ...json(compactResult, 'The size before and after'),
        others: { [NDJSON]: compactLine },
      },
    },
    errors: ['COMPACT_RUNNING', 'STORE_CLOSED', 'STORE_UNAVAILABLE'],
    handle: (call, parts) => compact(call, parts),
  }),
];

async function compact(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  parts: HandlerParts,
): Promise<CompactResult | FastifyReply> {
  const { control, running } = parts;
  if (running.has('compact')) throw COMPACTING;
  running.add('compact');
  const ended = () => void running.delete('compact');
  if (!accepts(request, NDJSON)) return control.compact().finally(ended);
  const lines = await progressLines<CompactProgress, CompactResult>(parts, {
    name: 'a compaction',
    run: (progress) => control.compact({ progress }),
    stepOf: () => 'compact',
    ended,
  });
  return reply.type(`${NDJSON}; charset=utf-8`).send(lines);
}
