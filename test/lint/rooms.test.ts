import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { faultsOf } from '../../lint/rooms.ts';

const DOOR = '/** A room for a test. */\n';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rangemesh-rooms-'));
  write('src/daemon/index.ts', `${DOOR}export { start } from './start.ts';\n`);
  write(
    'src/daemon/start.ts',
    "import { put } from '../store/index.ts';\nexport const start = put;\n",
  );
  write('src/protocol/index.ts', DOOR);
  write('src/store/index.ts', `${DOOR}export { put } from './write/index.ts';\n`);
  write('src/store/item.ts', 'export interface Item {\n  id: string;\n}\n');
  write('src/store/write/index.ts', `${DOOR}export { put } from './put.ts';\n`);
  write(
    'src/store/write/put.ts',
    "import type { Item } from '../item.ts';\nexport const put = (item: Item) => item;\n",
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function assertFault(expected: RegExp): void {
  const faults = faultsOf(root);
  assert.equal(faults.length, 1, faults.join('\n'));
  assert.match(faults[0] ?? '', expected);
}

describe('the lint of rooms', () => {
  it('finds no fault in the house itself', () => {
    const house = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
    assert.deepEqual(faultsOf(house), []);
  });

  it('allows own files, those of rooms around, and doors', () => {
    assert.deepEqual(faultsOf(root), []);
  });

  it('finds an example that imports a file of the clone', () => {
    write(
      'examples/one/main.ts',
      "import { a } from './a.ts';\nimport { put } from 'rangemesh';\n",
    );
    write('examples/one/a.ts', "import { put } from '../../src/store/index.ts';\n");
    assertFault(/^examples\/one\/a\.ts imports src\/store\/index\.ts: an example imports/);
  });

  it('finds a circle, of types alone too', () => {
    write(
      'src/store/item.ts',
      "import type { Key } from './key.ts';\nexport interface Item extends Key {}\n",
    );
    write(
      'src/store/key.ts',
      "import type { Item } from './item.ts';\nexport interface Key {\n  of: Item;\n}\n",
    );
    assertFault(/^circle: src\/store\/item\.ts -> src\/store\/key\.ts -> src\/store\/item\.ts$/);
  });

  it('finds a path past the door of another top room, in an import over several lines too', () => {
    write(
      'src/daemon/start.ts',
      "import {\n  put,\n} from '../store/write/put.ts';\nexport const start = put;\n",
    );
    assertFault(/start\.ts imports src\/store\/write\/put\.ts, past the door/);
  });

  it('finds a path past the door of a nested room, even to its own door', () => {
    write('src/daemon/start.ts', "export { put as start } from '../store/write/index.ts';\n");
    assertFault(/start\.ts imports src\/store\/write\/index\.ts, past the door/);
  });

  it('lets any room read the options of another, as long as they load nothing', () => {
    write(
      'src/daemon/start.ts',
      "import { MAX } from '../store/options.ts';\nexport const start = MAX;\n",
    );
    write('src/store/options.ts', "export * from './write/options.ts';\n");
    write(
      'src/store/write/options.ts',
      "import type { Item } from '../item.ts';\nexport const MAX: Item = { id: '' };\n",
    );
    assert.deepEqual(faultsOf(root), []);
    write(
      'src/store/write/options.ts',
      "import {\n  put,\n} from './put.ts';\nexport const MAX = put;\n",
    );
    assertFault(/write\/options\.ts loads \.\/put\.ts/);
    write('src/store/write/options.ts', 'export const MAX = 1;\n');
    write(
      'src/daemon/start.ts',
      "import { MAX } from '../store/write/options.ts';\nexport const start = MAX;\n",
    );
    assertFault(/start\.ts imports src\/store\/write\/options\.ts, past the door/);
  });

  it('finds a dynamic import past a door', () => {
    write('src/daemon/start.ts', "export const start = () => import('../store/item.ts');\n");
    assertFault(/start\.ts imports src\/store\/item\.ts, past the door/);
  });

  it('finds an import of the door of the room around', () => {
    write(
      'src/store/write/put.ts',
      "import type { Item } from '../other/index.ts';\nexport type put = Item;\n",
    );
    write('src/store/other/index.ts', `${DOOR}import '../index.ts';\n`);
    const faults = faultsOf(root).join('\n');
    assert.doesNotMatch(faults, /put\.ts imports src\/store\/other/);
    write(
      'src/store/write/put.ts',
      "export type { Other } from '../index.ts';\nexport const put = 1;\n",
    );
    assert.match(
      faultsOf(root).join('\n'),
      /put\.ts imports src\/store\/index\.ts, the door of a room/,
    );
  });

  it('finds an upward import', () => {
    write(
      'src/protocol/carry.ts',
      "import { start } from '../daemon/index.ts';\nexport const carry = start;\n",
    );
    assertFault(/carry\.ts imports upward: src\/daemon\/index\.ts/);
  });

  it('finds a type name that stands in two files', () => {
    write('src/protocol/item.ts', 'export type Item = string;\n');
    assertFault(/the type Item is defined twice: src\/protocol\/item\.ts, src\/store\/item\.ts/);
  });

  it('finds a room without a door, and a door without words', () => {
    write('src/protocol/wire/varint.ts', 'export const varint = 1;\n');
    assertFault(/src\/protocol\/wire has no door/);
    write('src/protocol/wire/index.ts', "export { varint } from './varint.ts';\n");
    assertFault(/wire\/index\.ts does not say what the room is for/);
  });

  it('finds a room with more than 15 files, unless its door gives a reason', () => {
    for (let at = 0; at < 15; at++) write(`src/protocol/file-${at}.ts`, '');
    assert.deepEqual(faultsOf(root), []);
    write('src/protocol/file-15.ts', '');
    assertFault(/src\/protocol has 16 files, more than 15/);
    write('src/protocol/index.ts', '/** More than 15 files: one for each frame. */\n');
    assert.deepEqual(faultsOf(root), []);
  });

  it('finds a file above 300 lines', () => {
    write('src/protocol/long.ts', '\n'.repeat(300));
    assert.deepEqual(faultsOf(root), []);
    write('src/protocol/long.ts', '\n'.repeat(301));
    assertFault(/long\.ts has 301 lines, more than 300/);
  });

  it('lets tests look inside through testing.ts, and nothing else through it', () => {
    write('src/store/write/testing.ts', "export { put } from './put.ts';\n");
    write(
      'test/store/put.test.ts',
      "import { put } from '../../src/store/write/testing.ts';\nput;\n",
    );
    assert.deepEqual(faultsOf(root), []);
    write('test/store/put.test.ts', "import { put } from '../../src/store/write/put.ts';\nput;\n");
    assertFault(/put\.test\.ts imports src\/store\/write\/put\.ts, past the door/);
    rmSync(join(root, 'test'), { recursive: true });
    write('src/store/use.ts', "export { put } from './write/testing.ts';\n");
    assertFault(/use\.ts imports src\/store\/write\/testing\.ts, a door for tests alone/);
  });

  it('finds claims of the security page without a test, or with a test that does not exist', () => {
    write('test/a.test.ts', "it('holds what isn\\'t free', () => {});\n");
    const page = (row: string) =>
      write('docs/security.md', `| claim | test |\n|---|---|\n| ${row} |\n`);
    page('a | `test/a.test.ts`: "holds what isn\'t free"');
    assert.deepEqual(faultsOf(root), []);
    page('a | `test/a.test.ts`: "holds"');
    assertFault(/names "holds", which is no test in test\/a\.test\.ts/);
    page('a | `test/b.test.ts`: "holds"');
    assertFault(/names test\/b\.test\.ts, which does not exist/);
    page('a | none');
    assertFault(/a claim without a test: \| a \| none \|/);
  });
});
