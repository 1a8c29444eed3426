import {
  idPageQuery,
  letInAnswer,
  letInBody,
  refusedAdded,
  refusedBody,
  refusedPage,
} from '../../schemas/index.ts';
import type { ErrorCode } from '../errors.ts';
import { json, type Operation, operation } from '../operation.ts';

const STORE_ERRORS: readonly ErrorCode[] = [
  'STORE_CLOSED',
  'STORE_UNAVAILABLE',
  'STORE_REBUILDING',
  'STORE_CORRUPT',
];
const WRITE_ERRORS: readonly ErrorCode[] = ['INVALID_ID', 'STORE_WRITE_FAILED', 'DISK_FULL'];

/** `/v1/refused`: items that are kept out of the set. */
export const refusedOperations: readonly Operation[] = [
  operation({
    id: 'refuse',
    method: 'POST',
    path: '/v1/refused',
    tag: 'items',
    access: 'write',
    summary: 'Keeps items out',
    description:
      'Up to 800 ids. Held items of them are dropped, and no client and no peer brings them again. Other nodes ' +
      'keep theirs.',
    body: refusedBody,
    answers: { 200: json(refusedAdded, 'What has changed') },
    errors: ['TOO_MANY_REFUSED', ...WRITE_ERRORS, ...STORE_ERRORS],
    handle: ({ body: { ids, reason = '' } }, { control }) => control.refuse({ ids, reason }),
  }),
  operation({
    id: 'unrefuse',
    method: 'DELETE',
    path: '/v1/refused',
    tag: 'items',
    access: 'write',
    summary: 'Lets items in again',
    description: 'Up to 800 ids. Peers that hold the items bring them with the next session.',
    body: letInBody,
    answers: { 200: json(letInAnswer, 'The number of ids that were refused') },
    errors: [...WRITE_ERRORS, ...STORE_ERRORS],
    handle: ({ body }, { control }) => control.unrefuse(body),
  }),
  operation({
    id: 'listRefused',
    method: 'GET',
    path: '/v1/refused',
    tag: 'items',
    access: 'read',
    summary: 'A page of the refused items',
    description: 'Items that are kept out, by id, with the reason of each.',
    query: idPageQuery,
    answers: { 200: json(refusedPage, 'A page') },
    errors: ['INVALID_QUERY', 'INVALID_CURSOR', ...STORE_ERRORS],
    handle: ({ query }, { control }) => control.listRefused(query),
  }),
];
