import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { besides, PLAIN, screenOf, wrap } from '../../../../src/daemon/cli/terminal/index.ts';

const wide = (columns: number | null) => ({ ...PLAIN, columns });

describe('prose on a terminal', () => {
  it('stays whole where the screen has no width, or enough', () => {
    const text = 'one two\n  three';
    for (const columns of [null, 7]) assert.equal(wrap(text, wide(columns)), text);
  });

  it('goes on in the next line, two columns deeper than it began', () => {
    assert.equal(wrap('one two three', wide(8)), 'one two\n  three');
    assert.equal(wrap('  one two three', wide(9)), '  one two\n    three');
    assert.equal(wrap('one  two', wide(7)), 'one\n  two', 'no line ends with spaces');
  });

  it('breaks a word that is longer than a line, an address where a part of it begins', () => {
    assert.equal(wrap('abcdefghij', wide(6)), 'abcdef\n  ghij');
    const address = '/ip4/192.0.2.1/tcp/9463';
    assert.equal(wrap(address, wide(20)), '/ip4/192.0.2.1/tcp\n  /9463');
    assert.equal(wrap('abc/defghijklm', wide(10)), 'abc\n  /defghij\n  klm');
    for (let columns = 1; columns < 30; columns++) {
      const lines = wrap(`at ${address} now`, wide(columns)).split('\n');
      for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
      assert.equal(lines.join('').replaceAll(' ', ''), `at${address}now`);
    }
  });

  it('stands beside its head in a column of its own', () => {
    assert.equal(besides('state  ', 'a b c', wide(10)), 'state  a b\n       c');
    assert.equal(besides('state  ', 'a\nb', wide(null)), 'state  a\n       b');
  });

  it('has colours, which take no room', () => {
    const { paint } = screenOf({ isTTY: true } as Parameters<typeof screenOf>[0], { env: {} });
    const text = besides(paint.bad('no  '), `${paint.good('ab')} cd`, wide(9));
    assert.equal(stripVTControlCharacters(text), 'no  ab cd');
  });
});
