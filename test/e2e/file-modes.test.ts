import assert from 'node:assert/strict';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TestMesh } from './support/mesh.ts';

describe('the files of a daemon', () => {
  it('are for their owner alone, also in a directory that others may read', async (context) => {
    const mesh = await TestMesh.create(context);
    const directory = mesh.path('a');
    await mkdir(directory, { mode: 0o755 });
    const { client } = await mesh.start('a');
    await client.put(new TextEncoder().encode('private'));
    const names = await readdir(directory, { recursive: true });
    assert.ok(names.includes(join('db', 'CURRENT')) && names.includes('admin.json'), names.join());
    for (const name of names) {
      const { mode } = await stat(join(directory, name));
      assert.equal(mode & 0o077, 0, `${name} has mode ${(mode & 0o777).toString(8)}`);
    }
  });
});
