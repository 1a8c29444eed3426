import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { HostileFigures, MeshFigures } from '../../bench/hostile/figures.ts';
import { faultsOf, meshFaultsOf } from '../../bench/hostile/limits.ts';

const AT_LIMITS: HostileFigures = {
  bench: 'hostile',
  attack: 'repeats',
  rssBeforeMb: 200,
  rssMb: 350,
  rssAfterMb: 250,
  liveAfterMb: 100,
  loopP99Ms: 50,
  livezMaxMs: 2_000,
  livezOwnMaxMs: 999,
  honestPutP99Ms: 5_000,
  recoveredS: 1,
};

it('bench hostile finds no fault at its limits, and one past each', () => {
  assert.deepEqual(faultsOf(AT_LIMITS), []);
  const past = { rssMb: 351, rssAfterMb: 251, livezOwnMaxMs: 1_000, honestPutP99Ms: 5_001 };
  for (const [figure, value] of Object.entries(past)) {
    const faults = faultsOf({ ...AT_LIMITS, [figure]: value });
    assert.equal(faults.length, 1, figure);
    assert.match(faults[0]!, /^repeats: /);
  }
});

it('bench hostile --mesh finds no fault at its limits, and one past each', () => {
  const mesh: MeshFigures = {
    bench: 'hostile-mesh',
    attacks: ['repeats', 'echoes'],
    quietS: 2,
    attackedS: 3,
    ratioTime: 1.5,
    quietRssMb: 200,
    attackedRssMb: 300,
    ratioRss: 1.5,
  };
  assert.deepEqual(meshFaultsOf(mesh), []);
  for (const figure of ['ratioTime', 'ratioRss']) {
    const faults = meshFaultsOf({ ...mesh, [figure]: 1.51 });
    assert.equal(faults.length, 1, figure);
    assert.match(faults[0]!, /repeats, echoes: 1.51 times/);
  }
});
