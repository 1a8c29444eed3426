import { commonware, negentropy } from '../../../../src/protocol/index.ts';
import { sum256 } from '../../../../src/store/index.ts';
import { testDialect } from '../../../conformance/dialect.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { snapshotOf } from './commonware/vectors.ts';

testDialect({
  dialect: commonware,
  accepts: 'kept',
  snapshot: (keys) => snapshotOf(keys, wideSum),
  caps: [1024, 5_000, 65_536, 1 << 20],
  maxFrames: ({ a, b }, cap) => 24 + 12 * Math.ceil(((a.length + b.length) * 32) / cap),
});

testDialect({
  dialect: negentropy,
  snapshot: (keys) => snapshotOf(keys, sum256),
  caps: [4_096, 5_000, 65_536, 0],
  learns: 'initiator',
  identityById: false,
  maxFrames: ({ a, b }, cap) =>
    24 + 12 * Math.ceil(((a.length + b.length) * 32) / (cap === 0 ? 4_096 : cap)),
});
