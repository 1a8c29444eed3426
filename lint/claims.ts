import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The page whose claims name their tests. */
const PAGE = 'docs/security.md';
/** A file of tests, and the titles that follow it. */
const NAMED = /`(test\/[^`]+\.ts)`((?:[:,;]|\sand)?\s"[^"]+")+/g;
const TITLE = /"([^"]+)"/g;
const ROW = /^\| (?!-|claim )/;

/** Tests that the page names and that do not exist, and rows of its tables without a test. */
export function claimFaults(root: string): string[] {
  const path = join(root, PAGE);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const rows = text.split('\n').filter((line) => ROW.test(line) && line.match(NAMED) === null);
  return [
    ...rows.map((row) => `${PAGE} has a claim without a test: ${row}`),
    ...[...text.matchAll(NAMED)].flatMap(([named, file]) => missingTitles(root, file!, named)),
  ];
}

function missingTitles(root: string, file: string, named: string): string[] {
  const path = join(root, file);
  if (!existsSync(path)) return [`${PAGE} names ${file}, which does not exist`];
  const tests = readFileSync(path, 'utf8').replaceAll("\\'", "'");
  return [...named.matchAll(TITLE)]
    .map(([, title]) => title!)
    .filter((title) => !['it', 'describe', 'test'].some((call) => has(tests, call, title)))
    .map((title) => `${PAGE} names "${title}", which is no test in ${file}`);
}

function has(tests: string, call: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => tests.includes(`${call}(${quote}${title}${quote}`));
}
