import assert from 'node:assert/strict';
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable, type Writable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from '../../scripts/harness/serve.ts';
import { bytesToHex, type ItemKey } from '../../src/store/index.ts';
import { keysOf } from '../conformance/pairs.ts';
import { SETS, scenarios } from '../protocol/reconcile/dialects/negentropy/vectors.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/harness/negentropy.ts', import.meta.url));

const STORAGES = ['vector', 'tree', 'level'];

/** All that were started: a failed test leaves some behind. */
const children: ChildProcess[] = [];

/** One harness process, spoken to line by line. */
class Harness {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown[]>;
  #errors = '';

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [SCRIPT], { env: { ...process.env, ...env } });
    children.push(this.#child);
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
  after(() => {
    for (const child of children) child.kill();
  });

  for (const STORAGE of STORAGES) {
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

  it('ends with 1 and a line on stderr when something is wrong', async () => {
    const harness = new Harness({});
    harness.say('seal', 'msg,61zz', 'initiate');
    assert.deepEqual(await harness.end(), { code: 1, errors: 'not hex: "61zz"\n' });
  });

  it('fails, and says why, on what it cannot take', async () => {
    const [id, end] = ['00'.repeat(32), `${2n ** 64n - 1n}`];
    const wrong: [string[], RegExp][] = [
      [['seal', 'msg,6100000201'], /announces 1 ids/],
      [['initiate'], /seal it first/],
      [['msg,6100000200'], /seal it first/],
      [['item,5,00'], /32 bytes/],
      [['reboot'], /unknown command "reboot"/],
      [['seal', 'msg,61zz'], /not hex: "61zz"/],
      [['seal,now'], /seal takes 0 fields, not 1/],
      [[`item,${id}`], /item takes 2 fields, not 1/],
      ...['', '-1', '0x10', '1e3'].map((hint): [string[], RegExp] => [
        [`item,${hint},${id}`],
        /a timestamp is a whole number in decimal digits/,
      ]),
    ];
    await Promise.all(wrong.map(([lines, message]) => refuses({}, lines, message)));
    await Promise.all(
      STORAGES.flatMap((STORAGE) => [
        refuses({ STORAGE }, [`item,${end},${id}`], /reserved as infinity/),
        refuses({ STORAGE }, ['seal', `item,5,${id}`], /the set is sealed/),
      ]),
    );
  });

  it('fails at once when its environment is wrong', async () => {
    const limits = ['100', '-1', '4095', '4096.5', '1e5', 'none'];
    const message = /^FRAMESIZELIMIT is a number of bytes, 4096 or more, 0 or empty for none, not /;
    await Promise.all([
      ...limits.map((FRAMESIZELIMIT) => refuses({ FRAMESIZELIMIT }, [], message)),
      refuses({ STORAGE: 'btree' }, [], /^STORAGE is one of vector, tree, level, not btree$/),
    ]);
  });

  it('takes an item twice as the storages of the reference do', async () => {
    const id = '00'.repeat(32);
    const twice = [`item,5,${id}`, `item,5,${id}`, 'seal'];
    const moved = [`item,5,${id}`, `item,6,${id}`, 'seal'];
    await refuses({ STORAGE: 'vector' }, twice, /inserted twice/);
    for (const STORAGE of ['tree', 'level']) {
      const said: string[] = [];
      const print = (text: string) => void said.push(text);
      const input = Readable.from([`${[...twice, 'initiate'].join('\n')}\n`]);
      await serve({ input, print, env: { STORAGE } });
      assert.deepEqual(said, [`msg,6100000201${id}\n`]);
      await refuses({ STORAGE }, moved, /under two timestamps: a tree keeps each id once/);
    }
  });
});

/** What is wrong with these lines is said in one. */
async function refuses(
  env: Record<string, string>,
  lines: readonly string[],
  message: RegExp,
): Promise<void> {
  const input = Readable.from(lines.map((line) => `${line}\n`));
  await assert.rejects(serve({ input, print: () => undefined, env }), (error: Error) => {
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}
