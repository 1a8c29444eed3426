import { commonware } from '../../../src/protocol/index.ts';
import { testDialect } from '../../conformance/dialect.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { snapshotOf } from './vectors.ts';

testDialect({
  dialect: commonware,
  snapshot: (keys) => snapshotOf(keys, wideSum),
  caps: [1024, 5_000, 65_536, 1 << 20],
  maxFrames: ({ a, b }, cap) => 24 + 12 * Math.ceil(((a.length + b.length) * 32) / cap),
});
