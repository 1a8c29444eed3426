import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { codesIn, eventsIn, invariantsIn, wordsOf } from '../../lint/codes.ts';
import { EXIT } from '../../src/daemon/testing.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(`${ROOT}/docs/incidents.md`, 'utf8');
const SECTIONS = new Map(
  PAGE.split('\n## ').map((section) => [section.split('\n', 1)[0]!, section] as const),
);
/** Sections of words and numbers, which are no codes. */
const OTHERS = ['Events of the log', 'Reasons of a request', 'Reasons of an import', 'Exit codes'];

/** The first cell of each row of a section, whose table is complete. */
function rowsOf(section: string): string[] {
  const rows = section.split('\n').filter((line) => /^\| `?[\w-]+`? \|.*\.\s\|$/.test(line));
  return rows.map((row) => row.split('|')[1]!.replaceAll('`', '').trim());
}

const rowsBelow = (title: string): string[] => rowsOf(SECTIONS.get(title) ?? '').toSorted();

describe('docs/incidents.md', () => {
  it('has one entry for each code of the sources, and no other entries', () => {
    const told = [...SECTIONS].flatMap(([title, section]) =>
      OTHERS.includes(title) ? [] : rowsOf(section),
    );
    const known = codesIn(ROOT);
    assert.deepEqual([...known].filter((code) => !told.includes(code)).join(' '), '', 'missing');
    assert.deepEqual(told.filter((code) => !known.has(code)).join(' '), '', 'no code any more');
    assert.deepEqual(told.filter((code, at) => told.indexOf(code) < at).join(' '), '', 'twice');
  });

  it('tells each invariant once, as it stands in the sources once', () => {
    const names = invariantsIn(ROOT);
    assert.deepEqual(rowsBelow('Invariants'), names.toSorted());
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) < at),
      [],
      'twice',
    );
  });

  it('has the events of the log', () => {
    assert.deepEqual(rowsBelow('Events of the log'), [...eventsIn(ROOT)].toSorted());
  });

  it('has the outcomes of requests', () => {
    const outcomes = [
      ...wordsOf(ROOT, 'src/protocol/fetch/report.ts', 'export type FetchOutcome ='),
      ...wordsOf(ROOT, 'src/daemon/replicator/fetching/attempts.ts', 'readonly outcome:'),
    ];
    assert.deepEqual(rowsBelow('Reasons of a request'), [...new Set(outcomes)].toSorted());
  });

  it('has the reasons for which an import skips files and lines', () => {
    const reasons = wordsOf(ROOT, 'src/daemon/cli/import/candidate.ts', 'type SkipReason =');
    assert.deepEqual(rowsBelow('Reasons of an import'), reasons.toSorted());
  });

  it('has the exit codes', () => {
    assert.deepEqual(
      rowsBelow('Exit codes').map(Number).toSorted(),
      Object.values(EXIT).toSorted(),
    );
  });

  it('says of each code where it appears, what happened and what to do', () => {
    for (const [title, section] of SECTIONS) {
      const columns = OTHERS.includes(title) ? 3 : 4;
      for (const line of section.split('\n').filter((row) => /^\| (`\w|\d)/.test(row))) {
        const cells = line.split(' | ');
        assert.equal(cells.length, columns, line);
        assert.ok(
          cells.every((cell) => cell.replaceAll('|', '').trim() !== ''),
          line,
        );
      }
    }
  });
});
