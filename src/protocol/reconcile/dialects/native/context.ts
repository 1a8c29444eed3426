import type { Coding, ShortIdForm, Snapshot } from '../../../../store/index.ts';
import type { Interval } from '../../dialect.ts';
import type { SessionLink } from '../../link.ts';
import type { Meter } from '../shared/index.ts';
import type { NativeVersion } from './constants.ts';
import type { DifferenceLedger } from './difference-ledger.ts';
import type { InboundItems, OutboundItems } from './items.ts';
import type { SessionKey } from './key.ts';
import type { NativeLimits } from './options.ts';
import type { PeerLimits, RecordOutbox } from './wire/index.ts';
import type { RankedRange } from './work.ts';

/** Shared by the parts of a session once both sides have opened. */
export interface Context {
  readonly snapshot: Snapshot;
  readonly coding: Coding;
  readonly key: SessionKey;
  readonly limits: NativeLimits;
  readonly link: SessionLink;
  /** What the peer accepts. */
  readonly peer: PeerLimits;
  readonly meter: Meter;
  readonly outbox: RecordOutbox;
  readonly ledger: DifferenceLedger;
  readonly version: NativeVersion;
  /** Items in place of ids, to the peer and of the peer. */
  readonly outbound: OutboundItems;
  readonly inbound: InboundItems;
}

/** How this version makes short ids. */
export function shortIdForm({ version }: Context, narrow: boolean): ShortIdForm {
  if (version < 3) return 'hash';
  return narrow ? 'narrow' : 'wide';
}

/** The range with its ranks. */
export function locate({ snapshot }: Context, { lower, upper }: Interval): RankedRange {
  return { lower, upper, begin: snapshot.lowerBound(lower), end: snapshot.lowerBound(upper) };
}
