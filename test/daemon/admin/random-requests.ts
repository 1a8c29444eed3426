import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OPERATIONS, type Operation } from '../../../src/daemon/admin/testing.ts';
import { errorAnswer } from '../../../src/daemon/schemas/index.ts';
import { assertProperty } from '../../support/property.ts';
import { ADDRESS, ALSO_ANSWERED, CALLS, type Call, PAYLOAD, STREAMED } from './calls.ts';
import { endedEvents } from './fake-node.ts';
import { checkAnswer, operationAt } from './operations.ts';
import type { SendInit, Sent, SharedAdmin } from './running-admin.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const word = fc.oneof(
  fc.constantFrom('', '0', '7', '-1', '1e9', '18446744073709551615', '99999999999999999999999'),
  fc.constantFrom('00'.repeat(32), 'ABCDEF01', 'zz', '%00', '%ff', '..', 'why', 'null', 'true'),
  fc.string({ maxLength: 40, unit: 'binary' }).map(escaped),
  fc.nat().map(String),
);
const NAMES = [
  'hint',
  'from',
  'to',
  'limit',
  'cursor',
  'since',
  'epoch',
  'payloads',
  'format',
  'type',
];
const name = fc.oneof(
  fc.constantFrom(...NAMES, 'maxLagSeconds', '__proto__', 'constructor', 'a'),
  fc.string({ maxLength: 10 }).map(escaped),
);
const query = fc
  .array(fc.tuple(name, word), { maxLength: 4 })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));

const jsonBody = fc.oneof(
  fc.json(),
  fc
    .record(
      {
        ...{ address: text('/ip4/192.0.2.1/tcp/1'), peerId: text('other'), level: text('debug') },
        ...{ from: text('1'), to: text('9'), keep: fc.boolean(), limit: fc.integer() },
        ids: fc.array(text('ab'.repeat(32)), { maxLength: 3 }),
        hint: text('7'),
        payload: text('eA=='),
        __proto__: fc.nat(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);
const body = fc.oneof(
  fc.constant(undefined),
  jsonBody,
  fc.uint8Array({ maxLength: 100 }),
  fc.uint8Array({ minLength: 64, maxLength: 64 }),
  fc.constantFrom('{', '[[[[', '{}\n{}\n', 'x'.repeat(2_000), 'x'.repeat(70_000)),
);
const TYPES = ['application/json', 'application/octet-stream', 'application/x-ndjson'];
const ITEMS = 'application/vnd.rangemesh.items';
const headers = fc.record(
  {
    'content-type': fc.constantFrom(...TYPES, ITEMS, 'text/plain', 'x', 'application/json; a=b'),
    accept: fc.constantFrom(...TYPES, ITEMS, 'text/event-stream', '*/*', 'x'),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
    'if-none-match': fc.constantFrom('*', '"', `"${'00'.repeat(32)}"`),
    'last-event-id': fc.constantFrom('', 'x', '0123abcd-1', '0123456789abcdef-0'),
    expect: fc.constantFrom('100-continue', 'tea'),
    authorization: fc.constantFrom('', 'Bearer', 'Bearer x', 'Basic eDp5'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;

interface RandomRequest {
  readonly method: string;
  /** As the endpoint knows it, or another. */
  readonly path: string;
  readonly query: string;
  readonly body: string | Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** A right call, of which some parts are replaced: so each operation gets beyond the checks of its input too. */
const nearlyRight: fc.Arbitrary<RandomRequest> = fc
  .constantFrom(...OPERATIONS.flatMap(callsOf))
  .chain(({ method, call: [target, init = {}] }) => {
    const url = new URL(target, 'http://localhost');
    const right = (value: unknown) => ({ arbitrary: fc.constant(value), weight: 4 });
    return fc.record({
      method: fc.constant(method),
      path: fc.oneof(
        right(url.pathname),
        word.map((id) => `${url.pathname.replace(/[^/]*$/, id)}`),
      ),
      query: fc.oneof(right(url.search), query),
      body: fc.oneof(right(init.body), body),
      headers: fc.oneof(
        right(init.headers ?? {}),
        headers.map((others) => ({ ...init.headers, ...others })),
      ),
    }) as fc.Arbitrary<RandomRequest>;
  });

const anywhere: fc.Arbitrary<RandomRequest> = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.oneof(
    fc
      .tuple(fc.constantFrom(...OPERATIONS.map(({ path }) => path)), word)
      .map(([path, id]) => path.replace(/:\w+/, () => id)),
    fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
  ),
  query,
  body,
  headers,
});

function callsOf({ id, method }: Operation): { method: string; call: Call }[] {
  const groups = [CALLS[id], ALSO_ANSWERED[id], STREAMED[id]];
  return groups.flatMap((calls) => Object.values(calls ?? {}).map((call) => ({ method, call })));
}

/**
 * Sends random requests; each answer must be one that the document has, and none may be a 500. Each operation must
 * have answered some of them.
 */
export async function checkRandomRequests(running: SharedAdmin, numRuns: number): Promise<void> {
  Object.assign(running.node, { events: endedEvents });
  const silent = new Set(OPERATIONS.map(({ id }) => id));
  const request = fc.record({
    sent: fc.oneof({ weight: 6, arbitrary: nearlyRight }, { weight: 1, arbitrary: anywhere }),
    host: fc.nat(40),
  });
  await running.put(PAYLOAD, '?hint=7');
  await assertProperty(
    fc.asyncProperty(
      request,
      async ({ sent: { method, path, query, body = '', ...sent }, host }) => {
        // The calls that forget an address need it again.
        running.node.dialled.splice(0, Number.POSITIVE_INFINITY, ADDRESS);
        // Node frames the bodies of some methods alone, and sends none with GET.
        const framed = method === 'GET' || method === 'HEAD' ? {} : framedBy(body);
        const evil: Record<string, string> = host === 0 ? { host: 'evil.example' } : {};
        const answer = await running.call(`${path}${query}`, {
          method,
          ...framed,
          headers: { ...framed.headers, ...sent.headers, ...evil },
          isEndless: sent.headers.accept === 'text/event-stream',
        });
        // The client resolves dots before it sends the path.
        const operation = check(method, new URL(`${running.url}${path}`).pathname, answer);
        if (answer.status < 400) silent.delete(operation?.id ?? '');
      },
    ),
    { numRuns },
  );
  assert.deepEqual([...silent], [], 'operations that refused all requests');
}

function framedBy(body: string | Uint8Array): Pick<SendInit, 'body' | 'headers'> {
  return { body, headers: { 'content-length': String(Buffer.byteLength(body)) } };
}

/** Of paths that the endpoint has not, and of methods that a path has not. */
const ELSEWHERE = new Set([
  ...['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'BAD_REQUEST', 'HOST_REFUSED', 'UNSUPPORTED_ENCODING'],
  ...['EXPECTATION_FAILED', 'UNSUPPORTED_MEDIA_TYPE', 'BODY_TOO_LARGE'],
]);

/** Words of libraries, which know nothing of our calls. */
const FOREIGN =
  /expected .*received|Invalid (?:input|option|string)|Unrecognized|Too (?:small|big)|pattern|valid JSON|in JSON at|is exceeding|url component/;
const MAX_MESSAGE = 2_000;

/** The operation that answered, if any. */
function check(method: string, path: string, answer: Sent): Operation | undefined {
  assert.notEqual(answer.status, 500, JSON.stringify(answer.json));
  const operation = operationAt(method, path);
  if (method === 'HEAD') return undefined;
  const refused = answer.status >= 400 ? errorAnswer.parse(answer.json) : null;
  const code = refused?.code ?? '';
  if (refused !== null) {
    assert.doesNotMatch(refused.message, FOREIGN);
    assert.ok(refused.message.length <= MAX_MESSAGE, refused.message);
  }
  if (operation !== undefined) checkAnswer(operation, answer);
  else assert.ok(ELSEWHERE.has(code), `${method} ${path} answers ${answer.status} ${code}`);
  return operation;
}

function text(right: string): fc.Arbitrary<string> {
  return fc.oneof(fc.constant(right), fc.string());
}

/** A lone half of a pair of UTF-16 has no encoding. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
