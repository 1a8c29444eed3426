import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { undocumented } from '../../lint/docs.ts';

describe('the lint of docstrings', () => {
  let root: string;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rangemesh-docs-'));
    for (const room of ['daemon', 'protocol', 'store']) write(`src/${room}/index.ts`, '');
    write('src/protocol/libp2p.ts', '');
    write('src/daemon/client/index.ts', '');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('finds no exported name without one in the house itself', () => {
    assert.deepEqual(undocumented(fileURLToPath(new URL('../..', import.meta.url))), []);
  });

  it('finds names behind lists, stars and imports, of all kinds, and no others', () => {
    write(
      'src/store/index.ts',
      "export { a, type B } from './x.ts';\nexport * from './y/index.ts';\n",
    );
    write(
      'src/store/x.ts',
      'export const a = 1;\nexport interface B {}\nexport type Hidden = 1;\n',
    );
    write('src/store/y/index.ts', "import { c } from './c.ts';\n\nexport { c };\n");
    write('src/store/y/c.ts', '/** Adds. */\nexport function c() {}\nexport class D {}\n');
    write(
      'src/protocol/libp2p.ts',
      '/** Makes. */\nconst q = 1;\n\nexport async function e() {}\n',
    );
    assert.deepEqual(undocumented(root), [
      'src/protocol/libp2p.ts: the exported e has no docstring',
      'src/store/x.ts: the exported a has no docstring',
      'src/store/x.ts: the exported B has no docstring',
    ]);
  });
});
