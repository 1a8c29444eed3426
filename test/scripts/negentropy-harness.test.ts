import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bytesToHex, type ItemKey } from '../../src/store/index.ts';
import { keysOf } from '../conformance/pairs.ts';
import { SETS, scenarios } from '../protocol/reconcile/negentropy/vectors.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/harness/negentropy.ts', import.meta.url));

/** One harness process, spoken to line by line. */
class Harness {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown[]>;
  #errors = '';

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [SCRIPT], { env: { ...process.env, ...env } });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (text) => {
      this.#errors += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#exited = once(this.#child, 'close');
  }

  say(...lines: string[]): void {
    this.#child.stdin.write(`${lines.join('\n')}\n`);
  }

  fill(keys: readonly ItemKey[]): void {
    this.say(...keys.map(({ hint, id }) => `item,${hint},${bytesToHex(id)}`), 'seal');
  }

  /** What it prints up to and with its next message, or `done`. */
  async answer(): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) assert.fail(`the harness ended: ${this.#errors}`);
      lines.push(value);
      if (value === 'done' || value.startsWith('msg,')) return lines;
    }
  }

  async end(): Promise<{ code: unknown; errors: string }> {
    this.#child.stdin.end();
    const [code] = await this.#exited;
    return { code, errors: this.#errors };
  }
}

/** A whole session of two harnesses. */
async function converse(a: Harness, b: Harness): Promise<{ messages: string[]; found: string[] }> {
  const messages: string[] = [];
  const found: string[] = [];
  a.say('initiate');
  for (;;) {
    const said = await a.answer();
    const last = said.pop()!;
    found.push(...said);
    if (last === 'done') return { messages, found };
    b.say(last);
    const [reply] = await b.answer();
    a.say(reply!);
    messages.push(last, reply!);
  }
}

describe('npm run -s harness:negentropy', () => {
  for (const STORAGE of ['vector', 'tree', 'level']) {
    it(`repeats what the C++ implementation said, with STORAGE=${STORAGE}`, async () => {
      const scenario = scenarios.find(({ name }) => name === 'spread_20_in_3000')!;
      const [a, b] = [new Harness({ STORAGE }), new Harness({ STORAGE })];
      const sides = SETS[scenario.name]!();
      a.fill(sides[0]);
      b.fill(sides[1]);
      const { messages, found } = await converse(a, b);
      assert.deepEqual(
        messages,
        scenario.messages.map(({ hex }) => `msg,${hex}`),
      );
      const expected = [
        ...scenario.have.map((id) => `have,${id}`),
        ...scenario.need.map((id) => `need,${id}`),
      ];
      assert.deepEqual(found.sort(), expected.sort());
      assert.deepEqual([await a.end(), await b.end()], Array(2).fill({ code: 0, errors: '' }));
    });
  }

  it('keeps to FRAMESIZELIMIT, and answers each message by itself', async () => {
    const env = { FRAMESIZELIMIT: '4096' };
    const [a, b] = [new Harness(env), new Harness(env)];
    const all = keysOf(1, 3_000);
    a.fill(all.filter((_, i) => i % 50 !== 3));
    b.fill(all.filter((_, i) => i % 70 !== 5));
    const { messages, found } = await converse(a, b);
    assert.ok(messages.length > 8);
    assert.ok(messages.every((line) => line.length <= 'msg,'.length + 2 * 4_096));
    const expected = all.flatMap(({ id }, i) => {
      const [inA, inB] = [i % 50 !== 3, i % 70 !== 5];
      if (inA === inB) return [];
      return [`${inA ? 'have' : 'need'},${bytesToHex(id)}`];
    });
    assert.deepEqual(found.sort(), expected.sort());
    for (const line of ['msg,6100000200', 'msg,62', 'msg,6100000200']) {
      b.say(line);
      const [answer] = await b.answer();
      if (line === 'msg,62') assert.equal(answer, 'msg,61');
      else assert.match(answer!, /^msg,61[0-9a-f]{7000,}000001[0-9a-f]{32}$/);
    }
    await Promise.all([a.end(), b.end()]);
  });

  it('fails, and says why, on what it cannot take', async () => {
    const wrong: [string[], RegExp][] = [
      [['seal', 'msg,6100000201'], /announces 1 ids/],
      [['initiate'], /seal it first/],
      [['item,5,00'], /32 bytes/],
      [[`item,5,${'00'.repeat(32)}`, `item,5,${'00'.repeat(32)}`, 'seal'], /inserted twice/],
      [['reboot'], /unknown command reboot/],
      [['seal', 'msg,61zz'], /not hex/],
    ];
    for (const [lines, message] of wrong) {
      const harness = new Harness({});
      harness.say(...lines);
      const { code, errors } = await harness.end();
      assert.equal(code, 1);
      assert.match(errors, message);
    }
    const small = new Harness({ FRAMESIZELIMIT: '100' });
    small.say('seal', 'initiate');
    assert.match((await small.end()).errors, /4096 or more/);
  });
});
