import assert from 'node:assert/strict';
import { codesOf, OPERATIONS, type Operation } from '../../../src/daemon/admin/testing.ts';
import { errorAnswer } from '../../../src/daemon/schemas/index.ts';
import type { Sent } from './running-admin.ts';

/** The operation of a path and a method, if any; HEAD is that of GET. */
export function operationAt(method: string, path: string): Operation | undefined {
  // A path of its own comes before one with a parameter.
  const fixed = OPERATIONS.filter((operation) => operation.path === path);
  return (fixed.length > 0 ? fixed : OPERATIONS).find((operation) => {
    const pattern = operation.path.replace(/:\w+/g, '[^/]*').replaceAll('.', '\\.');
    const asked = method === 'HEAD' ? 'GET' : method;
    return operation.method === asked && new RegExp(`^${pattern}$`).test(path);
  });
}

/** Throws unless the answer is among those that the document promises, and has the shape it says. */
export function checkAnswer(operation: Operation, { status, headers, body, json }: Sent): void {
  const { id } = operation;
  if (status >= 400) {
    const { code } = errorAnswer.parse(json);
    const codes: readonly string[] = codesOf(operation)[status] ?? [];
    assert.ok(codes.includes(code), `${id} answers ${status} ${code}, which is not documented`);
    return;
  }
  const answer = operation.answers[status];
  assert.ok(answer !== undefined, `${id} answers ${status}, which is not documented`);
  if (answer.empty === true) {
    assert.equal(body.length, 0);
    return;
  }
  const { type: usual = 'application/json', others = {} } = answer;
  const type = String(headers['content-type']).split(';', 1)[0]!;
  assert.ok(type === usual || type in others, `${id} answers ${type}`);
  const content = type === usual ? answer.content : others[type];
  assert.ok(content !== undefined, `${id} says nothing of ${type}`);
  if (typeof content === 'string') return;
  if (type === 'application/json') content.parse(json);
  else for (const line of linesOf(body)) content.parse(JSON.parse(line));
}

function linesOf(body: Uint8Array): string[] {
  return new TextDecoder()
    .decode(body)
    .split('\n')
    .filter((line) => line !== '');
}
