import { randomBytes } from 'node:crypto';
import {
  commonware,
  type Dialect,
  nativeDialect,
  negentropy,
  type Role,
  RootHistory,
  type Session,
  type SessionHistory,
  type SessionInit,
  type SessionLimits,
  type SessionLink,
} from '../../src/protocol/index.ts';
import { rootHint } from '../../src/protocol/reconcile/dialects/native/testing.ts';
import { type FingerprintScheme, lthash, type Snapshot, sum256 } from '../../src/store/index.ts';
import { nostrSessions } from './nostr-tools.ts';
import type { Pair, Union } from './sets.ts';

export type DialectName = 'native' | 'commonware' | 'negentropy' | 'nostr-tools';

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

/** No frame size limit, as nostr-tools and the figures known of Negentropy have none. */
const UNLIMITED: Partial<SessionLimits> = {
  maxMessageBytes: 0,
  maxInboundBytes: Number.MAX_SAFE_INTEGER,
  maxVisitedItems: Number.MAX_SAFE_INTEGER,
};

type Open = (union: Union, pair: Pair, link: SessionLink) => Promise<Opened>;

/** What can be measured, by the name that `--dialect` takes. */
export const DIALECTS: Record<DialectName, Open> = {
  native: (union, pair, link) => openDialect(union, pair, native, lthash, { link }),
  commonware: (union, pair) => openDialect(union, pair, commonware, lthash),
  negentropy: (union, pair) => openDialect(union, pair, negentropy, sum256, { limits: UNLIMITED }),
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
  given: Pick<SessionInit, 'limits' | 'link'> = {},
): Promise<Opened> {
  const [a, b] = await union.snapshots(scheme, pair);
  const history = pair.behind ? { history: historyOf(scheme, pair, b!) } : {};
  for (const snapshot of [a!, b!]) snapshot.fingerprint(0, snapshot.size);
  return {
    sessions: () => ({
      initiator: dialect.session({ role: 'initiator', snapshot: a!, ...history, ...given }),
      responder: dialect.session({ role: 'responder', snapshot: b!, ...given }),
    }),
    close() {
      a!.release();
      b!.release();
    },
  };
}

/** Items of a commit. */
const COMMIT_ITEMS = 10;

/** Of a set that was `before`, and then took what A alone has. */
function historyOf(scheme: FingerprintScheme, { onlyA }: Pair, before: Snapshot): SessionHistory {
  const history = new RootHistory({ scheme });
  const { size: count } = before;
  const state = () => before.fingerprint(0, count);
  history.now().since(new Uint8Array(0), { count, root: rootHint(state(), count), state });
  for (let at = 0; at < onlyA.length; at += COMMIT_ITEMS)
    history.added(onlyA.slice(at, at + COMMIT_ITEMS));
  return history.now();
}
