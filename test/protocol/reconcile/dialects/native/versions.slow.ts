import { nativeDialect } from '../../../../../src/protocol/index.ts';
import { testDialect } from '../../../../conformance/dialect.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { snapshotOf } from './support.ts';

/** Slow: the suite of all dialects once more for each version that only older nodes prefer. */
for (const version of [1, 2] as const) {
  testDialect({
    dialect: nativeDialect({ random: new SeededRandom(`version ${version}`), version }),
    accepts: version === 1 ? 'not' : 'told',
    snapshot: (keys) => snapshotOf(keys),
    caps: [1_024, 5_000, 65_536],
    maxFrames: ({ a, b }, cap) => 60 + 12 * Math.ceil(((a.length + b.length) * 48) / cap),
  });
}
