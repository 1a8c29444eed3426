import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import {
  codesOf,
  formatCursor,
  OPERATIONS,
  type Operation,
  parseBody,
  RequestGuard,
  readInput,
  refusalOf,
} from '../../../src/daemon/admin/testing.ts';
import { GuardError } from '../../../src/daemon/guard/index.ts';
import {
  addressBody,
  changesQuery,
  diffBody,
  exportQuery,
  idParams,
  idsBody,
  leavingBody,
  listQuery,
  pauseBody,
  putQuery,
  syncBody,
} from '../../../src/daemon/schemas/index.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { hexToBytes, INFINITE_HINT } from '../../../src/store/index.ts';
import { fixedToken } from './running-admin.ts';

const ID = 'ab'.repeat(32);

const readPutQuery = (query: object) => readInput(putQuery, query, 'query').hint;
const readListQuery = (query: object) => readInput(listQuery, query, 'query');
const readId = (id: string) => readInput(idParams, { id }, 'path').id;
const readLeavingBody = (body: object) => readInput(leavingBody, body, 'body');
const readAddressBody = (body: object) => readInput(addressBody, body, 'body').address;
const readSyncBody = (body: object) => readInput(syncBody, body, 'body').peerId;

describe('bodies', () => {
  it('are refused with a sentence however deep they are', () => {
    const deep = parseBody('['.repeat(30_000) + ']'.repeat(30_000));
    for (const body of [deep, { ids: [deep] }, { address: { '': { '': deep } } }]) {
      const refused = { code: 'INVALID_BODY', status: 400 };
      assert.throws(() => readInput(idsBody, body, 'body'), refused);
      assert.throws(() => readInput(addressBody, body, 'body'), refused);
    }
  });
});

describe('queries', () => {
  it('accept hints from 0 to the last but one, and bounds up to infinity', () => {
    assert.equal(readPutQuery({}), undefined);
    assert.equal(readPutQuery({ hint: '0' }), 0n);
    assert.equal(readPutQuery({ hint: `${INFINITE_HINT - 1n}` }), INFINITE_HINT - 1n);
    for (const hint of [`${INFINITE_HINT}`, '-1', '1.5', '', '0'.repeat(21), '1n']) {
      assert.throws(() => readPutQuery({ hint }), { code: 'INVALID_HINT', status: 400 }, hint);
    }
    const all = readListQuery({ from: '0', to: `${INFINITE_HINT}` });
    assert.deepEqual(all, { from: 0n, to: INFINITE_HINT, limit: 100 });
    assert.deepEqual(readListQuery({}), all, 'by default everything');
    assert.throws(() => readListQuery({ to: `${INFINITE_HINT + 1n}` }), { code: 'INVALID_HINT' });
    const long = 'x'.repeat(100);
    assert.throws(
      () => readPutQuery({ hint: long }),
      ({ message }: Error) => {
        return message.endsWith(`not "${'x'.repeat(59)}`);
      },
    );
  });

  it('accept an empty interval, and refuse a reversed one', () => {
    assert.equal(readListQuery({ from: '5', to: '5' }).from, 5n);
    assert.throws(() => readListQuery({ from: '6', to: '5' }), /from \(6\) must not be above to/);
  });

  it('accept a limit from 1 to 1,000', () => {
    assert.deepEqual(
      ['1', '1000', '000001'].map((limit) => readListQuery({ limit }).limit),
      [1, 1_000, 1],
    );
    for (const limit of ['0', '1001', '', '-1', '1e2', '0000001']) {
      assert.throws(() => readListQuery({ limit }), { code: 'INVALID_QUERY' }, limit);
    }
  });

  it('accept the cursors of earlier answers', () => {
    const key = { hint: INFINITE_HINT - 1n, id: hexToBytes(ID) };
    assert.deepEqual(readListQuery({ cursor: formatCursor(key) }).after, key);
    for (const cursor of [`${INFINITE_HINT}.${ID}`, `1.${ID}0`, `1${ID}`, `.${ID}`, '1.']) {
      assert.throws(() => readListQuery({ cursor }), { code: 'INVALID_CURSOR' }, cursor);
    }
  });

  it('recognise an id by its length and its digits', () => {
    assert.deepEqual([ID, ID.toUpperCase(), 'abcdef01'].map(readId), [ID, ID, 'abcdef01']);
    for (const text of [ID.slice(0, 7), `${ID}a`, `g${ID.slice(1)}`]) {
      assert.throws(() => readId(text), { code: 'INVALID_ID', status: 400 });
    }
  });

  it('take an address or a peer to forget, and not both', () => {
    assert.deepEqual(readLeavingBody({ address: 'a' }), { address: 'a' });
    assert.deepEqual(readLeavingBody({ peerId: 'x'.repeat(256) }), { peerId: 'x'.repeat(256) });
    for (const body of [{}, { address: 'a', peerId: 'b' }, { peerId: 'x'.repeat(257) }]) {
      assert.throws(() => readLeavingBody(body), { code: 'INVALID_BODY' });
    }
  });

  it('refuse bodies with long strings or unknown fields', () => {
    assert.equal(readAddressBody({ address: 'x'.repeat(2_048) }).length, 2_048);
    for (const address of ['', 'x'.repeat(2_049), 7]) {
      assert.throws(() => readAddressBody({ address }), { code: 'INVALID_BODY' });
    }
    assert.equal(readSyncBody({ peerId: 'x'.repeat(256) })!.length, 256);
    assert.equal(readSyncBody({}), undefined);
    for (const peerId of ['', 'x'.repeat(257)]) {
      assert.throws(() => readSyncBody({ peerId }), { code: 'INVALID_BODY' });
    }
  });

  it('say what is wrong, where, and what to send', () => {
    const id = 'an id of 64 hexadecimal digits';
    const ids = ['x', 7, ...Array(9).fill('y')];
    for (const [schema, place, value, message] of [
      [z.strictObject({}), 'body', { a: 1 }, 'the body takes no field "a"; those it takes: none'],
      [
        ...([listQuery, 'query', { a: '1', b: '2' }] as const),
        'the query takes no parameter "a", "b"; those it takes: from, to, limit, cursor',
      ],
      [
        ...([listQuery, 'query', { limit: ['1', '2'] }] as const),
        'the parameter "limit" of the query is there 2 times: give it once',
      ],
      [
        ...([exportQuery, 'query', { format: 'x' }] as const),
        'the parameter "format" of the query must be one of ndjson, binary, not "x"',
      ],
      [
        ...([changesQuery, 'query', { epoch: 'x' }] as const),
        'the parameter "epoch" of the query must be the epoch of the last answer, 16 hexadecimal digits, not "x"',
      ],
      [addressBody, 'body', {}, 'the body needs the field "address", a string'],
      [addressBody, 'body', [], 'the body must be a JSON object, not []'],
      [addressBody, 'body', null, 'the body must be a JSON object, not null'],
      [
        ...([addressBody, 'body', { address: '' }] as const),
        'the field "address" of the body must be a string that is not empty, not ""',
      ],
      [
        ...([syncBody, 'body', { peerId: 'x'.repeat(257) }] as const),
        `the field "peerId" of the body must be a string of at most 256 characters, not "${'x'.repeat(56)}...`,
      ],
      [
        ...([pauseBody, 'body', { keep: 'yes' }] as const),
        'the field "keep" of the body must be true or false, not "yes"',
      ],
      [
        ...([diffBody, 'body', { peerId: 'p', limit: 0 }] as const),
        'the field "limit" of the body must be a number of at least 1, not 0',
      ],
      [
        ...([diffBody, 'body', { peerId: 'p', limit: 1.5 }] as const),
        'the field "limit" of the body must be a whole number, not 1.5',
      ],
      [
        ...([idsBody, 'body', { ids: Array(65_537).fill('ab'.repeat(32)) }] as const),
        `the field "ids" of the body must be a list of at most 65536 entries, not ["${'ab'.repeat(27)}a...`,
      ],
      [
        ...([idsBody, 'body', { ids }] as const),
        `the field "ids[0]" of the body must be ${id}, not "x"; the field "ids[1]" of the body must be a string, not 7; ` +
          [2, 3, 4]
            .map((at) => `the field "ids[${at}]" of the body must be ${id}, not "y"; `)
            .join('') +
          'and 6 more mistakes',
      ],
    ] as const) {
      const code = place === 'body' ? 'INVALID_BODY' : 'INVALID_QUERY';
      assert.throws(() => readInput<unknown>(schema, value, place), { code, message });
    }
  });
});

describe('refusals', () => {
  const limit = { code: 'BODY_TOO_LARGE', bytes: 7 } as const;
  const of = (statusCode: unknown, code = 'X') =>
    refusalOf(Object.assign(new Error('m'), { statusCode, code }), limit);

  it('blame the client where the server does, in our words, and nobody else', () => {
    for (const status of [400, 499]) {
      const { status: told, code, message } = of(status);
      assert.deepEqual([told, code], [400, 'BAD_REQUEST']);
      assert.match(message, /check its headers and its body/);
    }
    for (const status of [399, 500, 400.5, undefined]) {
      const { status: told, code, message } = of(status);
      assert.deepEqual([told, code], [500, 'INTERNAL']);
      assert.match(message, /its log has the reason/);
    }
    assert.deepEqual(of(413, 'FST_ERR_CTP_BODY_TOO_LARGE'), {
      status: 413,
      code: 'BODY_TOO_LARGE',
      message: 'this body may have at most 7 bytes',
    });
    assert.equal(of(415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE').code, 'UNSUPPORTED_MEDIA_TYPE');
    const length = of(400, 'FST_ERR_CTP_INVALID_CONTENT_LENGTH');
    assert.match(length.message, /Content-Length/);
    const bytes = { code: 'ITEM_TOO_LARGE', bytes: 7 } as const;
    const malformed = Object.assign(new Error('m'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' });
    assert.match(refusalOf(malformed, bytes).message, /application.octet-stream, or none/);
    assert.equal(refusalOf(undefined, limit).status, 500);
    const refused = new GuardError({ code: 'ITEM_REFUSED', message: 'm', lasting: true });
    assert.deepEqual(refusalOf(refused, limit), {
      status: 422,
      code: 'ITEM_REFUSED',
      message: 'm',
    });
  });

  it('have the status that the document says for each code of a peer', () => {
    const diff = codesOf(OPERATIONS.find(({ id }) => id === 'diff')!);
    for (const [code, status] of [
      ...[['UNKNOWN_PEER', 404] as const, ['BUSY', 503] as const, ['ABORTED', 503] as const],
      ...[['DIALECT_CANNOT_TELL', 422] as const, ['MALFORMED_FRAME', 502] as const],
      ...[['FRAME_TOO_LARGE', 502] as const, ['UNEXPECTED_FRAME', 502] as const],
      ...[['BUDGET_SPENT', 502] as const, ['PEER_STOPPED', 502] as const],
      ...[['UNPROVED', 502] as const, ['TIMEOUT', 502] as const, ['STALLED', 502] as const],
      ...[['STREAM_CLOSED', 502] as const, ['STREAM_FAILED', 502] as const],
      ['UNSUPPORTED_PROTOCOL', 502] as const,
    ]) {
      assert.equal(refusalOf(new ProtocolError(code, 'm'), limit).status, status, code);
      assert.ok(diff[status]?.includes(code), `${code} is documented with ${status}`);
    }
    const ours = new ProtocolError('INVALID_INIT', 'm');
    assert.equal(refusalOf(ours, limit).status, 500, 'a mistake of this node');
  });
});

describe('the guard', () => {
  const TOKEN = 'a-token';
  const heard = async (
    guard: RequestGuard,
    headers: Record<string, string>,
    access: Operation['access'] = 'read',
  ) => {
    try {
      await guard.checkRequest({ headers, operation: { access } } as never);
      return 'heard';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const create = (host: string, allowedHosts: string[] = [], token: string | null = TOKEN) =>
    new RequestGuard({ host, token: token === null ? null : fixedToken(token), allowedHosts });

  it('on loopback accepts loopback and configured names, without a token', async () => {
    const guard = create('127.0.0.1', ['Name.Example', '[::2]']);
    assert.equal(guard.exposed, false);
    const hosts = [
      '127.0.0.1',
      '127.0.0.1:9464',
      'LOCALHOST',
      '[::1]:1',
      'name.example:1',
      '[::2]',
    ];
    for (const host of hosts) assert.equal(await heard(guard, { host }), 'heard', host);
    const refused = ['192.0.2.1', 'evil.example', '', 'a:b', 'a@b', '127.0.0.1:123456', '[::3]'];
    for (const host of refused) assert.equal(await heard(guard, { host }), 'HOST_REFUSED', host);
    assert.equal(await heard(guard, {}), 'HOST_REFUSED');
  });

  it('beyond loopback needs the token, except for probes, and accepts addresses when bound to all', async () => {
    const authorization = `Bearer ${TOKEN}`;
    for (const [host, other] of [
      ['0.0.0.0', 'heard'],
      ['::', 'heard'],
      ['192.0.2.1', 'HOST_REFUSED'],
    ] as const) {
      const guard = create(host);
      assert.equal(guard.exposed, true);
      assert.equal(await heard(guard, { host: '192.0.2.9', authorization }), other, host);
      assert.equal(await heard(guard, { host: 'localhost' }), 'UNAUTHORIZED');
      assert.equal(await heard(guard, { host: 'evil.example', authorization }), 'HOST_REFUSED');
      assert.equal(await heard(guard, { host: 'localhost' }, 'open'), 'heard');
    }
    assert.equal(await heard(create('192.0.2.1'), { host: '192.0.2.1', authorization }), 'heard');
  });

  it('accepts its token in one form, and no token when none is configured', async () => {
    const check = async (authorization: string | undefined, token: string | null = TOKEN) => {
      const headers = authorization === undefined ? {} : { authorization };
      try {
        await create('127.0.0.1', [], token).checkToken({ headers } as never);
        return 'taken';
      } catch (error) {
        return (error as Error).message.split(/[ ;]/, 3).join(' ');
      }
    };
    for (const right of [`Bearer ${TOKEN}`, `bearer   ${TOKEN}`])
      assert.equal(await check(right), 'taken');
    for (const none of [undefined, '', TOKEN, `Basic ${TOKEN}`, 'Bearer ', `Bearer ${TOKEN} x`]) {
      assert.equal(await check(none), 'this call needs', `${none}`);
    }
    for (const wrong of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`]) {
      assert.equal(await check(wrong), 'the token is');
    }
    assert.equal(await check(`Bearer ${TOKEN}`, null), 'the token is');
  });
});
