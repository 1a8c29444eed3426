import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { LiveTable, type Screen } from '../../scripts/demo/table.ts';
import type { Status } from '../../src/daemon/index.ts';

/** A terminal that knows newlines, moving up, and clearing all below. */
class FakeTerminal extends Writable implements Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly lines: string[] = [''];
  #row = 0;

  constructor({ isTTY = true, columns = 120 } = {}) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these steer a terminal.
    for (const [part, up] of `${chunk}`.matchAll(/\u001b\[(\d+)A|\u001b\[0J|\n|[^\u001b\n]+/g)) {
      if (up !== undefined) this.#row -= Number(up);
      else if (part === '\n') this.lines[++this.#row] ??= '';
      else if (part.startsWith('\u001b'))
        this.lines.splice(this.#row, Number.POSITIVE_INFINITY, '');
      else {
        assert.equal(this.lines[this.#row], '', 'a line is written over another');
        this.lines[this.#row] = part;
        this.#row += Math.ceil(part.length / this.columns) - 1;
      }
    }
    done();
  }
}

const status = (items: number): Status =>
  ({
    set: { items, bytes: items * 1_000_000, fingerprint: items < 3 ? null : 'ab'.repeat(32) },
    wanted: 7,
    peers: [{ connected: true, inSync: true }, { connected: true }, { connected: false }],
  }) as never;

function play(terminal: FakeTerminal): string[] {
  const table = new LiveTable(terminal);
  table.say('up');
  for (const items of [1, 2]) table.draw(['a', 'b'], [status(items), status(items + 1)]);
  table.say('imported');
  table.draw(['a', 'b'], [status(3), status(30_000)]);
  table.finish();
  table.say('equal');
  return terminal.lines.filter((line) => line !== '');
}

describe('the table of the demo', () => {
  it('has one header, keeps all other lines, and explains its columns', () => {
    const lines = play(new FakeTerminal());
    assert.deepEqual([lines[0], lines[1], lines.at(-1)], ['up', 'imported', 'equal']);
    const headers = lines.filter((line) => line.startsWith('node'));
    assert.equal(headers.length, 1);
    assert.deepEqual(lines.slice(-4), [
      'node   items       bytes   wanted  fingerprint       peers in sync',
      'a          3      3.0 MB        7  abababababababab  1 of 2',
      'b      30000  30000.0 MB        7  abababababababab  1 of 2',
      'equal',
    ]);
    const legend = lines.join(' ');
    for (const column of ['wanted', 'fingerprint', 'peers in sync']) {
      assert.ok(legend.includes(`${column}: `), column);
    }
  });

  it('stays whole on a narrow terminal', () => {
    const lines = play(new FakeTerminal({ columns: 40 }));
    assert.equal(lines.filter((line) => line.startsWith('node')).length, 1);
    assert.ok(lines.every((line) => line.length < 40));
  });

  it('shows all of its words on a terminal of 80 columns', () => {
    assert.deepEqual(play(new FakeTerminal({ columns: 80 })), play(new FakeTerminal()));
  });

  it('is left out where there is no terminal', () => {
    assert.deepEqual(play(new FakeTerminal({ isTTY: false })), ['up', 'imported', 'equal']);
  });
});
