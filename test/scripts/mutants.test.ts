import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findMutants, type Mutant } from '../../scripts/mutants/find.ts';
import { editOf, isSame, readEquivalents, readPlanted } from '../../scripts/mutants/lists.ts';
import { tryPlanted } from '../../scripts/mutants/planted.ts';
import { tableOf, totalsOf } from '../../scripts/mutants/report.ts';
import { type Judged, judge } from '../../scripts/mutants/run.ts';
import { nearness, sample, testsOf } from '../../scripts/mutants/select.ts';

const SOURCE = `const LIMIT = 3;
export class Gate {
  #open: number;
  constructor(init: { open?: number } = {}) {
    this.#open = init.open ?? LIMIT;
  }
  enter(id: string): boolean {
    if (this.#open === 0 || id === '') return false;
    this.#open -= 1;
    return true;
  }
  never(): number {
    return 2 + 1;
  }
}
`;
const TEST = `import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Gate } from '../../../src/store/gate/gate.ts';
it('lets in as many as it has places', () => {
  const gate = new Gate({ open: 1 });
  assert.equal(gate.enter('a'), true);
  assert.equal(gate.enter('b'), false, 'a full gate lets in another');
});
`;
const FILE = 'src/store/gate/gate.ts';
const TEST_FILE = 'test/store/gate/gate.test.ts';

let root: string;
let mutants: Mutant[];

before(() => {
  root = mkdtempSync(join(tmpdir(), 'rangemesh-mutants-'));
  write('tsconfig.json', '{ "compilerOptions": { "noEmit": true }, "include": ["src"] }');
  write('package.json', '{ "type": "module" }');
  write(FILE, SOURCE);
  write('src/store/gate/other.generated.ts', 'export const a = () => 1 < 2;');
  write(TEST_FILE, TEST);
  write('test/store/far.test.ts', '');
  mutants = findMutants(root, ['src/store/gate']);
});
after(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('finding mutants', () => {
  it('finds each small mistake in functions, and leaves defaults and generated files alone', () => {
    const changes = mutants.map(({ line, from, to }) => `${line}: ${from} -> ${to}`);
    assert.deepEqual(changes, [
      '5: this.#open = init.open ?? LIMIT; -> ;',
      '5: init.open ?? LIMIT -> LIMIT',
      "8: this.#open === 0 || id === '' -> true",
      "8: this.#open === 0 || id === '' -> false",
      "8: this.#open === 0 || id === '' -> this.#open === 0",
      "8: this.#open === 0 || id === '' -> id === ''",
      '8: === -> !==',
      '8: 0 -> 1',
      '8: === -> !==',
      '8: false -> true',
      '9: this.#open -= 1; -> ;',
      '9: -= -> +=',
      '9: 1 -> 2',
      '10: true -> false',
      '13: + -> -',
      '13: 2 -> 3',
      '13: 1 -> 2',
    ]);
  });

  it('draws the same sample for the same seed, and another for another', () => {
    const names = (seed: string) => sample(mutants, 5, seed).map(({ line, from }) => line + from);
    assert.deepEqual(names('1'), names('1'));
    assert.notDeepEqual(names('1'), names('2'));
    assert.equal(sample(mutants, 99, '1').length, mutants.length);
  });
});

describe('choosing tests', () => {
  it('puts the tests of the room before those of its neighbours', () => {
    assert.deepEqual(testsOf(root, FILE)[0], [TEST_FILE]);
    assert.deepEqual(testsOf(root, FILE)[1], ['test/store/far.test.ts']);
  });

  it('counts the folders that a test shares with the source', () => {
    const test = 'test/protocol/reconcile/sessions/a.test.ts';
    assert.equal(nearness('src/protocol/reconcile/sessions/slots.ts', test), 3);
  });
});

describe('planting', () => {
  it('tells a mutant that a test notices from one that no test reaches and one that changes nothing', async () => {
    const judged = await judge({
      root,
      mutants: mutants.filter(({ line, to }) => (line === 9 && to === '+=') || line >= 13),
      equivalents: [{ file: FILE, at: 'return 2 + 1;', from: '2', to: '3', reason: 'a constant' }],
      concurrency: 2,
      budgetMs: 30_000,
      onJudged: () => undefined,
    });
    const verdicts = Object.fromEntries(judged.map((of) => [of.mutant.from, of.verdict]));
    const why = new Map(judged.map((of) => [of.mutant.from, of.why]));
    assert.deepEqual(verdicts, {
      '-=': 'noticed',
      '+': 'survived',
      '2': 'equivalent',
      '1': 'survived',
    });
    assert.match(why.get('-=') ?? '', /gate\.test\.ts: lets in .*a full gate lets in another/);
    assert.equal(why.get('+'), 'no test reaches it');
    assert.equal(why.get('2'), 'a constant');
  });

  it('says how soon a planted mistake is noticed, and in which words', async () => {
    const planted = { name: 'the gate never fills', file: FILE, test: TEST_FILE };
    const result = await tryPlanted(root, { ...planted, from: 'this.#open -= 1;', to: '' });
    assert.equal(result.noticed, true);
    assert.match(result.says, /a full gate lets in another/);
    const missed = await tryPlanted(root, { ...planted, from: '2 + 1', to: '4' });
    assert.equal(missed.noticed, false);
  });

  it('refuses a planted mistake whose text is not in the source exactly once', () => {
    const planted = { name: 'stale', file: FILE, to: '', test: TEST_FILE };
    assert.throws(() => editOf(root, { ...planted, from: 'no such text' }), /exactly once/);
    assert.throws(() => editOf(root, { ...planted, from: 'return' }), /exactly once/);
  });
});

describe('the lists of this project', () => {
  const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

  it('names planted mistakes whose text is in the source exactly once', () => {
    for (const planted of readPlanted(project)) editOf(project, planted);
  });

  it('gives a reason for each equivalent, and holds none that the source no longer has', () => {
    const entries = readEquivalents(project);
    const found = findMutants(project, [...new Set(entries.map(({ file }) => file))]);
    const stale = entries.filter((entry) => !found.some((mutant) => isSame(entry, mutant)));
    assert.deepEqual(stale, []);
    assert.deepEqual(
      entries.filter(({ reason }) => reason.length < 20),
      [],
    );
  });
});

describe('the report', () => {
  it('counts each verdict, and shares out only those that are not equivalent', () => {
    const verdicts = ['noticed', 'noticed', 'noticed', 'survived', 'equivalent'] as const;
    const judged = verdicts.map(
      (verdict): Judged => ({ mutant: mutants[0]!, verdict, why: '', late: false }),
    );
    assert.deepEqual(totalsOf(judged), { mutants: 5, noticed: 3, survived: 1, equivalent: 1 });
    assert.match(tableOf(judged), /^src\/store\/gate .* 75\.0%$/m);
  });

  it('knows an entry by its line of source and its change, wherever the line has moved', () => {
    const { file, at, from, to } = mutants[0]!;
    const entry = { file, at, from, to, reason: '' };
    assert.equal(isSame(entry, { ...mutants[0]!, line: 99, start: 7 }), true);
    assert.equal(isSame({ ...entry, to: 'other' }, mutants[0]!), false);
  });
});
