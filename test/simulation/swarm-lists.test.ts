import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { MARKS } from './swarm/marks.ts';
import { plantNamed } from './swarm/planting.ts';
import { PLANTS } from './swarm/plants.ts';

const ROOT = new URL('../../', import.meta.url);

/** How often a text stands in a file. */
function times(file: string, text: string): number {
  return readFileSync(new URL(file, ROOT), 'utf8').split(text).length - 1;
}

describe('the lists of a swarm', () => {
  it('name texts that stand in their files exactly once', () => {
    for (const { name, file, text } of MARKS) assert.equal(times(file, text), 1, name);
    for (const { name, edits } of PLANTS) {
      for (const { file, from } of edits) assert.equal(times(file, from), 1, name);
    }
  });

  it('name each plant and each mark once, and a part of a name finds its plant', () => {
    for (const list of [PLANTS, MARKS]) {
      assert.equal(new Set(list.map(({ name }) => name)).size, list.length);
    }
    assert.equal(plantNamed('claimed twice').name, 'an id claimed twice');
    assert.throws(() => plantNamed('a '), /--plant takes a part/);
  });
});
