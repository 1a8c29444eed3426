import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, beforeEach, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import {
  codesOf,
  type ErrorCode,
  isStreamed,
  OPERATIONS,
  type Operation,
  statusOf,
} from '../../../src/daemon/admin/testing.ts';
import { ADDRESS, ALSO_ANSWERED, CALLS, PAYLOAD, STREAMED } from './calls.ts';
import { endedEvents } from './fake-node.ts';
import { checkAnswer } from './operations.ts';
import { type SendInit, SharedAdmin } from './running-admin.ts';

describe('the OpenAPI document', () => {
  const running = new SharedAdmin();
  const { call, put } = running;
  before(() => {
    Object.assign(running.node, { events: endedEvents });
  });
  beforeEach(() => {
    running.node.dialled.push(ADDRESS);
  });
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape.
  const document = async (): Promise<any> => (await call('/openapi.json', { token: false })).json;

  it('is valid OpenAPI 3.1, and is served without a token', async () => {
    const text = await document();
    assert.equal(text.openapi, '3.1.0');
    const { valid, errors } = await new Validator().validate(text);
    assert.ok(valid, JSON.stringify(errors));
  });

  it('has every operation, with all codes that it can be refused with', async () => {
    const { paths } = await document();
    const ids = new Set<string>();
    for (const operation of OPERATIONS) {
      const shown = paths[pathOf(operation)][operation.method.toLowerCase()];
      assert.equal(shown.operationId, operation.id);
      assert.ok(shown.summary.length > 0 && shown.description.length > 0, operation.id);
      assert.deepEqual(shown['x-codes'], codesOf(operation));
      const statuses = new Set([
        ...Object.keys(operation.answers),
        ...Object.keys(shown['x-codes']),
      ]);
      assert.deepEqual(new Set(Object.keys(shown.responses)), statuses, operation.id);
      ids.add(operation.id);
    }
    assert.equal(ids.size, OPERATIONS.length, 'ids are unique');
    const all = Object.values(paths).flatMap((path) => Object.keys(path as object));
    assert.equal(all.length, OPERATIONS.length, 'and nothing else is documented');
  });

  it('has the codes that the docs explain, with the same status', async () => {
    const docs = await readFile(new URL('../../../docs/incidents.md', import.meta.url), 'utf8');
    const told = [...docs.matchAll(/^\| `(\w+)` \|[^|]*\bHTTP (\d+)/gm)];
    const known = new Set(['METHOD_NOT_ALLOWED 405']);
    for (const operation of OPERATIONS) {
      for (const [status, codes] of Object.entries(codesOf(operation))) {
        for (const code of codes) known.add(`${code} ${status}`);
      }
    }
    const pairs = told.map(([, code, status]) => `${code} ${status}`);
    assert.deepEqual([...known].filter((pair) => !pairs.includes(pair)).join(', '), '', 'missing');
    // The guard refuses items in lines of a batch, which the document describes by their schema alone.
    const wrong = told.filter(([, code, status]) => statusOf(code as ErrorCode) !== Number(status));
    assert.deepEqual(wrong.map(([, code]) => code).join(', '), '', 'of another status');
  });

  it('says which bodies may be left out, and which calls need the token', async () => {
    const { paths } = await document();
    assert.equal(paths['/v1/sync'].post.requestBody.required, false);
    assert.equal(paths['/v1/peers'].post.requestBody.required, true);
    assert.equal(paths['/v1/items'].post.requestBody.required, false);
    assert.deepEqual(paths['/v1/items'].post.security, [{ bearer: [] }]);
    assert.deepEqual(paths['/v1/items'].get.security, [{}, { bearer: [] }]);
    assert.deepEqual(paths['/livez'].get.security, []);
  });

  it('tells each media type that a client may ask for, and the daemon answers with it', async () => {
    await put(PAYLOAD, '?hint=7');
    const { paths } = await document();
    for (const operation of OPERATIONS) {
      const { id, method, answers } = operation;
      const shown = paths[pathOf(operation)][method.toLowerCase()].responses;
      for (const [status, { type = 'application/json', others = {}, empty }] of Object.entries(
        answers,
      )) {
        const types = empty === true ? [] : [type, ...Object.keys(others)];
        assert.deepEqual(Object.keys(shown[status].content ?? {}), types, id);
      }
      const others = Object.values(answers).flatMap(({ others = {} }) => Object.keys(others));
      const calls = ALSO_ANSWERED[id] ?? {};
      assert.deepEqual(Object.keys(calls), others, `a call of ${id} for each type`);
      for (const [type, [path, init]] of Object.entries(calls)) {
        const answer = await call(path, { method, ...init });
        assert.equal(answer.status, 200, `${id} as ${type}`);
        assert.equal(String(answer.headers['content-type']).split(';', 1)[0], type, id);
        checkAnswer(operation, answer);
      }
    }
  });

  it('tells each media type of a streamed body, and the daemon reads it', async () => {
    await put(PAYLOAD, '?hint=7');
    const { paths } = await document();
    for (const operation of OPERATIONS.filter(isStreamed)) {
      const { id, method } = operation;
      const { content } = paths[pathOf(operation)][method.toLowerCase()].requestBody;
      const calls = STREAMED[id] ?? {};
      assert.deepEqual(Object.keys(calls), Object.keys(content), `a call of ${id} for each type`);
      for (const [type, [path, init]] of Object.entries(calls)) {
        const answer = await call(path, { method, ...init });
        assert.equal(answer.status, 200, `${id} of ${type}`);
        checkAnswer(operation, answer);
      }
    }
  });

  it('keeps /v1/sets free, and has no call beside /v1 but the page and those of monitors and generators', () => {
    const beside = new Set<string>();
    for (const { path } of OPERATIONS) {
      assert.ok(!/^\/v1\/(?:sets|:)/.test(path), path);
      if (!path.startsWith('/v1/')) beside.add(path);
    }
    assert.deepEqual([...beside].sort(), ['/', '/livez', '/metrics', '/openapi.json', '/readyz']);
  });

  for (const { id, method, answers, ...operation } of OPERATIONS) {
    it(`tells what ${id} answers`, async () => {
      await put(PAYLOAD, '?hint=7');
      const calls = CALLS[id];
      assert.deepEqual(Object.keys(calls ?? {}), Object.keys(answers), 'a call for each answer');
      for (const [status, [path, init]] of Object.entries(calls ?? {})) {
        const answer = await call(path, { method, ...init });
        assert.equal(answer.status, Number(status), JSON.stringify(answer.json));
        checkAnswer({ id, method, answers, ...operation }, answer);
      }
    });
  }

  it('tells how each operation refuses a caller without a token, and a foreign host', async () => {
    await put(PAYLOAD, '?hint=7');
    for (const operation of OPERATIONS) {
      const { id, method, access, answers } = operation;
      const [[path, init]] = Object.values(CALLS[id]!) as [[string, SendInit?]];
      const stranger = await call(path, { method, ...init, token: false });
      assert.equal(stranger.status === 401, access === 'write', id);
      assert.ok(stranger.status === 401 || stranger.status in answers, id);
      checkAnswer(operation, stranger);
      const host = { ...init?.headers, host: 'evil.example' };
      const foreign = await call(path, { method, ...init, headers: host });
      assert.equal(foreign.status, 403);
      checkAnswer(operation, foreign);
    }
  });
});

/** The path as the document writes it. */
function pathOf({ path }: Operation): string {
  return path.replace(/:(\w+)/g, '{$1}');
}
