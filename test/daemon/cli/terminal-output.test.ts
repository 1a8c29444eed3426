import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgress as importProgress } from '../../../src/daemon/cli/import/testing.ts';
import type { Terminal } from '../../../src/daemon/cli/index.ts';
import { createProgress as verifyProgress } from '../../../src/daemon/cli/verify/testing.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';

/** What a stream was given; `isTTY` as a terminal has it. */
function stream(isTTY: boolean | undefined) {
  const written: string[] = [];
  const on = () => undefined;
  const out = {
    isTTY,
    columns: 80,
    write: (text: string) => written.push(text) > 0,
    on,
    once: on,
    removeListener: on,
  };
  return { out: out as unknown as Terminal, text: () => written.join('') };
}

describe('progress', () => {
  it('is shown on a terminal alone', () => {
    for (const [isTTY, shown] of [
      [true, true],
      [false, false],
      [undefined, false],
    ] as const) {
      const imports = stream(isTTY);
      const bar = importProgress(imports.out, systemClock, 2);
      bar.step();
      bar.giveWay();
      bar.end();
      assert.equal(imports.text().length > 0, shown, `import, ${isTTY}`);
      const verifies = stream(isTTY);
      const progress = verifyProgress(verifies.out, systemClock);
      progress.show({ phase: 'items', done: 1, of: 2 });
      progress.end();
      assert.equal(verifies.text().length > 0, shown, `verify, ${isTTY}`);
    }
  });

  it('shows a bar for an import where the total is known, and a count otherwise', () => {
    const [known, unknown] = [stream(true), stream(true)];
    for (const [{ out }, total] of [
      [known, 7],
      [unknown, null],
    ] as const) {
      const bar = importProgress(out, systemClock, total);
      bar.step();
      bar.end();
    }
    assert.match(known.text(), /importing \[.*0\/7/);
    assert.match(unknown.text(), /importing · 0 s/);
    assert.doesNotMatch(unknown.text(), /\[-/);
  });
});
