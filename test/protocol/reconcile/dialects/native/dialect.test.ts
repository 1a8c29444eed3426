import { nativeDialect } from '../../../../../src/protocol/index.ts';
import { testDialect } from '../../../../conformance/dialect.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { snapshotOf } from './support.ts';

for (const maxRangeItems of [65_536, 500, 40]) {
  testDialect({
    dialect: nativeDialect({
      random: new SeededRandom(`native ${maxRangeItems}`),
      limits: { maxRangeItems },
    }),
    accepts: 'told',
    snapshot: (keys) => snapshotOf(keys),
    caps: [1_024, 5_000, 65_536],
    maxFrames: ({ a, b }, cap) => 60 + 12 * Math.ceil(((a.length + b.length) * 48) / cap),
  });
}
