import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatTable,
  PLAIN,
  type Screen,
  screenOf,
  shortId,
  type TableColumn,
} from '../../../../src/daemon/cli/terminal/index.ts';

interface Row {
  readonly id: string;
  readonly count: number;
  readonly note: string;
}

const ID = 'abcdefgh'.repeat(8);
const COLUMNS: readonly TableColumn<Row>[] = [
  { title: 'ID', cell: ({ id }) => id, short: ({ id }) => shortId(id) },
  { title: 'COUNT', cell: ({ count }) => `${count}`, align: 'right' },
  { title: 'NOTE', cell: ({ note }) => note, cut: true },
];
const ROWS: readonly Row[] = [
  { id: ID, count: 7, note: 'a note of some length' },
  { id: 'short', count: 1_234_567, note: '' },
];

function wide(columns: number | null): Screen {
  return { ...PLAIN, columns };
}

describe('a table', () => {
  it('is whole where the screen has no width, or enough', () => {
    // 64, 7 and 21 characters, and two gaps of 2.
    for (const columns of [null, 96]) {
      const lines = formatTable(ROWS, COLUMNS, wide(columns)).split('\n');
      assert.deepEqual(lines, [
        `${'ID'.padEnd(64)}    COUNT  NOTE`,
        `${ID}        7  a note of some length`,
        `${'short'.padEnd(64)}  1234567`,
      ]);
    }
  });

  it('has short cells where one column is missing, and cuts no more than it must', () => {
    // 16, 7 and 21 characters, and two gaps of 2.
    for (const columns of [95, 48]) {
      assert.match(
        formatTable(ROWS, COLUMNS, wide(columns)),
        /^abcdefgh…bcdefgh {8}7 {2}a note of some length$/m,
      );
    }
    assert.match(formatTable(ROWS, COLUMNS, wide(47)), /7 {2}a note of some lengt?…$/m);
    for (let columns = 35; columns < 96; columns++) {
      for (const line of formatTable(ROWS, COLUMNS, wide(columns)).split('\n')) {
        assert.ok(line.length <= columns, `${columns}: ${line}`);
      }
    }
    assert.match(formatTable(ROWS, COLUMNS, wide(1)), /7 {2}a note …$/m, 'eight characters stay');
  });

  it('stands in line with a table before it, without a second header', () => {
    const columns = [{ title: 'N', cell: (row: string) => row, width: 5, align: 'right' as const }];
    assert.equal(formatTable(['1'], columns, PLAIN), '    N\n    1');
    assert.equal(formatTable(['12345'], columns, PLAIN, { header: false }), '12345');
    assert.equal(formatTable([], columns, PLAIN, { header: false }), '');
  });

  it('shortens an id of 17 characters, and none of 16', () => {
    assert.equal(shortId('0123456789abcdef'), '0123456789abcdef');
    assert.equal(shortId('0123456789abcdefg'), '01234567…abcdefg');
  });
});

describe('the layout of a stream', () => {
  const stream = (isTTY?: boolean, columns?: number) =>
    ({ isTTY, columns }) as Parameters<typeof screenOf>[0];

  it('has a width and colours for terminals alone', () => {
    for (const isTTY of [false, undefined])
      assert.equal(screenOf(stream(isTTY), { env: {} }), PLAIN);
    const forced = screenOf(stream(false), { env: { FORCE_COLOR: '1' } });
    assert.equal(forced, PLAIN);
    const screen = screenOf(stream(true, 100), { env: {} });
    assert.equal(screen.columns, 100);
    const { good, warn, bad, strong } = screen.paint;
    assert.deepEqual(
      [good, warn, bad, strong].map((paint) => paint('x')),
      [32, 33, 31, 1].map((code) => `\u001b[${code}mx\u001b[${code === 1 ? 22 : 39}m`),
    );
    assert.equal(screenOf(stream(true), { env: {} }).columns, 80);
    assert.equal(screenOf(stream(true, 100), { env: {} }, { wide: true }).columns, null);
  });

  it('has no colours with NO_COLOR that is not empty, nor on a dumb terminal', () => {
    const painted = (env: Record<string, string>) =>
      screenOf(stream(true), { env }).paint.good('x') !== 'x';
    assert.equal(painted({ NO_COLOR: '1' }), false);
    assert.equal(painted({ NO_COLOR: '0', FORCE_COLOR: '1' }), false);
    assert.equal(painted({ TERM: 'dumb' }), false);
    assert.equal(painted({ NO_COLOR: '', TERM: 'xterm' }), true);
  });
});
