import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { docPages } from '../support/doc-pages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CODE = /^```.*?^```$|`[^`\n]*`/gms;
const LINK = /\]\(([^)\s]+)\)/g;
/** A page or a file that is named in code, such as `docs/api.md`. */
const NAMED =
  /`((?:docs|src|test|scripts|config|bench|lint)\/[\w./-]+(?:\.(?:md|ts|yaml|json)|\/))`/g;
const OUTSIDE = /^(?:https?|mailto):/;

/** As GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(/^```.*?^```$/gms, '').matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(
    headings.map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

function isDead(page: string, target: string): boolean {
  if (OUTSIDE.test(target)) return false;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return true;
  return anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, file), 'utf8')).has(anchor);
}

describe('the links of the docs', () => {
  it('lead to files and headings that exist', () => {
    const dead = docPages().flatMap(({ name, text }) =>
      [...text.replace(CODE, '').matchAll(LINK)]
        .map(([, target]) => target!)
        .filter((target) => isDead(name, target))
        .map((target) => `${name}: ${target}`),
    );
    assert.deepEqual(dead, []);
  });

  it('name files that exist', () => {
    const dead = docPages()
      .filter(({ name }) => name !== 'CHANGELOG.md')
      .flatMap(({ name, text }) =>
        [...text.matchAll(NAMED)]
          .map(([, path]) => path!)
          .filter((path) => !existsSync(join(ROOT, path)))
          .map((path) => `${name}: ${path}`),
      );
    assert.deepEqual(dead, []);
  });
});

describe('the map in docs/architecture.md', () => {
  it('has every room of the sources', () => {
    const map = docPages().find(({ name }) => name === 'docs/architecture.md')!.text;
    const names = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const rooms = names
      .filter((name) => name.endsWith('index.ts'))
      .map((name) => `src/${dirname(name)}/`);
    assert.ok(rooms.length > 50);
    assert.deepEqual(
      rooms.filter((room) => !map.includes(`\`${room}\``)),
      [],
    );
  });
});

describe('each entry of docs/decisions.md', () => {
  const page = docPages().find(({ name }) => name === 'docs/decisions.md')!.text;
  const entries = page.split('\n### ').slice(1);

  it('has a problem, a decision and a reason', () => {
    assert.ok(entries.length > 80);
    const parts = ['**Problem.**', '**Decision.**', '**Why.**'];
    const lacking = entries.filter((entry) => !parts.every((part) => entry.includes(part)));
    assert.deepEqual(
      lacking.map((entry) => entry.split('\n', 1)[0]),
      [],
    );
  });

  it('names the command or the test behind its figure', () => {
    const figures = entries.flatMap((entry) =>
      entry.split(/\n(?=- \*\*|\n)/).filter((part) => part.startsWith('- **Figure')),
    );
    assert.ok(figures.length > 10);
    assert.deepEqual(
      figures.filter((figure) => !/`(?:npm run .*|bench -- |test\/.*\.ts`)/.test(figure)),
      [],
    );
  });
});
