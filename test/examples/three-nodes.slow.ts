import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUp } from '../support/clean-up.ts';
import { freePorts, runExample, startExample } from './support.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/three-nodes', import.meta.url));

/** The configurations of the example with ports that are free here. */
async function configurations(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-three-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ports = await freePorts(6);
  for (const name of ['a.yaml', 'b.yaml', 'c.yaml']) {
    const text = await readFile(join(EXAMPLE, name), 'utf8');
    const here = text.replace(/\b95([01])([123])\b/g, (_, row, column) =>
      String(ports[3 * Number(row) + Number(column) - 1]),
    );
    await writeFile(join(folder, name), here);
  }
  return folder;
}

describe('the example three-nodes', () => {
  it('makes three nodes equal, twice on the same data, and ends in order', async (context) => {
    const folder = await configurations(context);
    const first = startExample(context, 'three-nodes', [folder]);
    await first.line(/^all nodes hold the same 3 items$/);
    const busy = await runExample(context, 'three-nodes', [folder]);
    assert.match(busy.stderr, /^three-nodes: .*\bdata\/a\b/, 'another program has the directory');
    assert.equal((await first.kill('SIGTERM')).code, 0);
    const second = await runExample(context, 'three-nodes', [folder, '--once']);
    assert.match(
      second.stdout,
      /^node a: http.*\nnode b: .*\nnode c: .*\nall nodes hold the same 3/,
    );
  });
});
