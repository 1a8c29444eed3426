import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plotOf, tableOf } from './scale/report.ts';
import { ScaledMesh } from './scale/scale.ts';

describe('a mesh whose size is told', () => {
  it('has each item on all nodes, also where nodes restart, and counts what that took', async () => {
    const mesh = new ScaledMesh({
      ...{ seed: '1', nodes: 8, degree: 4, itemsPerMinute: 30, minutes: 1 },
      ...{ churn: 0.25, push: true },
    });
    const result = await mesh.run();
    assert.deepEqual([result.items, result.everywhere], [30, 30]);
    const { p50, p99, max } = result.spreadMs;
    assert.ok(0 < p50 && p50 <= p99 && p99 <= max, `${p50} ${p99} ${max}`);
    assert.ok(result.copiesPerItem > 1 && result.sessionBytesPerNodeMinute > 0);
    assert.equal(tableOf([result]).split('\n').length, 4);
    assert.match(plotOf([result, { ...result, nodes: 16 }]), /^<svg .*<\/svg>\n$/s);
  });
});
