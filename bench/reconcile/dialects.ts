import { randomBytes } from 'node:crypto';
import {
  commonware,
  type Dialect,
  nativeDialect,
  type Role,
  type Session,
} from '../../src/protocol/index.ts';
import { type FingerprintScheme, lthash } from '../../src/store/index.ts';
import { nostrSessions } from './nostr-tools.ts';
import type { Pair, Union } from './sets.ts';

export type DialectName = 'native' | 'commonware' | 'nostr-tools';

/** Two sessions that are about to speak. */
export interface Sessions {
  readonly initiator: Session;
  readonly responder: Session;
  /** What both sides lack, where not every side learns it from its own steps. */
  readonly found?: () => Record<Role, Uint8Array[]>;
  /** Ids that one side found the other to lack and has not told it. */
  readonly unsaid?: () => number;
}

export interface Opened {
  sessions(): Sessions;
  close(): void;
}

const native = nativeDialect({
  random: { bytes: (length) => new Uint8Array(randomBytes(length)), fraction: Math.random },
});

/** What can be measured, by the name that `--dialect` takes. */
export const DIALECTS: Record<DialectName, (union: Union, pair: Pair) => Promise<Opened>> = {
  native: (union, pair) => openDialect(union, pair, native, lthash),
  commonware: (union, pair) => openDialect(union, pair, commonware, lthash),
  'nostr-tools': async (union, pair) => ({
    sessions: nostrSessions(union, pair),
    close: () => {},
  }),
};

async function openDialect(
  union: Union,
  pair: Pair,
  dialect: Dialect,
  scheme: FingerprintScheme,
): Promise<Opened> {
  const [a, b] = await union.snapshots(scheme, pair);
  for (const snapshot of [a!, b!]) snapshot.fingerprint(0, snapshot.size);
  return {
    sessions: () => ({
      initiator: dialect.session({ role: 'initiator', snapshot: a! }),
      responder: dialect.session({ role: 'responder', snapshot: b! }),
    }),
    close() {
      a!.release();
      b!.release();
    },
  };
}
