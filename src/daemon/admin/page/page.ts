import { z } from 'zod';
import { StatusPage } from '../../page/index.ts';
import { type Operation, operation } from '../operation.ts';

const page = new StatusPage();

/** A weight of 0 means that the client does not take it. */
const TAKES_GZIP = /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))\s*(?:[;,]|$)/i;

const HEADERS = {
  etag: 'Of these bytes',
  'cache-control': '`no-cache`: a browser asks whether the page is still that of the daemon',
  'content-security-policy':
    'Allows the script and the style of the page, and calls of this endpoint',
};

/** The status page for people. */
export const pageOperations: readonly Operation[] = [
  operation({
    id: 'getPage',
    method: 'GET',
    path: '/',
    tag: 'health',
    access: 'open',
    summary: 'The status page',
    description:
      'A page for browsers that shows the state of the node. It holds no data itself, so it needs no token; ' +
      'its calls do where reading needs it. `Accept-Encoding: gzip` and `If-None-Match` are obeyed.',
    query: z.looseObject({}),
    answers: {
      200: { description: 'The page', type: 'text/html', content: 'text', headers: HEADERS },
      304: { description: 'The client has it', empty: true, headers: HEADERS },
    },
    errors: [],
    handle: async ({ request: { headers }, reply }) => {
      const { bytes, encoding, etag } = await page.form(
        TAKES_GZIP.test(String(headers['accept-encoding'])),
      );
      reply
        .header('content-security-policy', page.policy)
        .header('cache-control', 'no-cache')
        .header('vary', 'Accept-Encoding')
        .header('referrer-policy', 'no-referrer')
        .header('cross-origin-opener-policy', 'same-origin')
        .header('etag', etag);
      const known = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
      if (known.includes(etag)) return reply.code(304).send();
      if (encoding !== null) reply.header('content-encoding', encoding);
      return reply.type('text/html; charset=utf-8').send(bytes);
    },
  }),
];
