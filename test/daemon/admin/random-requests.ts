import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OPERATIONS } from '../../../src/daemon/admin/testing.ts';
import { errorAnswer } from '../../../src/daemon/schemas/index.ts';
import { assertProperty } from '../../support/property.ts';
import { endedEvents } from './fake-node.ts';
import { checkAnswer, operationAt } from './operations.ts';
import type { Sent, SharedAdmin } from './running-admin.ts';

const known = OPERATIONS.map(({ method, path }) => ({ method, path }));
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const word = fc.oneof(
  fc.constantFrom('', '0', '7', '-1', '1e9', '18446744073709551615', '99999999999999999999999'),
  fc.constantFrom('00'.repeat(32), 'ABCDEF01', 'zz', '%00', '%ff', '..', 'why', 'null', 'true'),
  fc.string({ maxLength: 40, unit: 'binary' }).map(escaped),
  fc.nat().map(String),
);
const name = fc.oneof(
  fc.constantFrom(
    'hint',
    'from',
    'to',
    'limit',
    'cursor',
    'since',
    'epoch',
    'payloads',
    '__proto__',
    'constructor',
    'a',
  ),
  fc.string({ maxLength: 10 }).map(escaped),
);
const query = fc
  .array(fc.tuple(name, word), { maxLength: 4 })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));

const target = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...known) },
  {
    weight: 1,
    arbitrary: fc.record({
      method: fc.constantFrom(...METHODS),
      path: fc.oneof(
        fc.constantFrom(...known.map(({ path }) => path)),
        fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
      ),
    }),
  },
);

const jsonBody = fc.oneof(
  fc.json(),
  fc
    .record(
      { address: fc.json({ maxDepth: 1 }), peerId: fc.string(), __proto__: fc.nat() },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);
const body = fc.oneof(
  fc.constant(undefined),
  jsonBody,
  fc.string({ maxLength: 50, unit: 'binary' }),
  fc.constantFrom('{', '[[[[', 'x'.repeat(2_000), 'x'.repeat(70_000)),
);
const headers = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'text/plain', 'x', 'application/json; a=b'),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
    'if-none-match': fc.constantFrom('*', '"', `"${'00'.repeat(32)}"`),
    expect: fc.constantFrom('100-continue', 'tea'),
    authorization: fc.constantFrom('', 'Bearer', 'Bearer x', 'Basic eDp5'),
  },
  { requiredKeys: [] },
);

/** Sends random requests; each answer must be one that the document has, and none may be a 500. */
export function checkRandomRequests(running: SharedAdmin, numRuns: number): Promise<void> {
  Object.assign(running.node, { events: endedEvents });
  const request = fc.record({ target, query, body, headers, id: word, host: fc.nat(40) });
  return assertProperty(
    fc.asyncProperty(request, async ({ target: { method, path }, query, id, ...rest }) => {
      const url = path.replace(/:\w+/, () => id);
      const host: Record<string, string> = rest.host === 0 ? { host: 'evil.example' } : {};
      const body = rest.body ?? '';
      // Node frames the bodies of some methods alone, and sends none with GET.
      const framed = method === 'GET' || method === 'HEAD' ? {} : framedBy(body);
      const answer = await running.call(`${url}${query}`, {
        method,
        ...framed,
        headers: { ...framed.headers, ...(rest.headers as Record<string, string>), ...host },
      });
      // The client resolves dots before it sends the path.
      check(method, new URL(`${running.url}${url}`).pathname, answer);
    }),
    { numRuns },
  );
}

function framedBy(body: string): { body?: string; headers?: Record<string, string> } {
  return { body, headers: { 'content-length': String(Buffer.byteLength(body)) } };
}

/** Of paths that the endpoint has not, and of methods that a path has not. */
const ELSEWHERE = new Set([
  ...['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'BAD_REQUEST', 'HOST_REFUSED', 'UNSUPPORTED_ENCODING'],
  ...['EXPECTATION_FAILED', 'UNSUPPORTED_MEDIA_TYPE', 'BODY_TOO_LARGE'],
]);

function check(method: string, path: string, answer: Sent): void {
  assert.notEqual(answer.status, 500, JSON.stringify(answer.json));
  if (method === 'HEAD') return;
  const operation = operationAt(method, path);
  const { code } = answer.status >= 400 ? errorAnswer.parse(answer.json) : { code: '' };
  if (operation !== undefined) checkAnswer(operation, answer);
  else assert.ok(ELSEWHERE.has(code), `${method} ${path} answers ${answer.status} ${code}`);
}

/** A lone half of a pair of UTF-16 has no encoding. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
