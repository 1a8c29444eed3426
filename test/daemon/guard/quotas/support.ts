import type { TestContext } from 'node:test';
import { pino } from 'pino';
import {
  guardOf,
  type ItemGuard,
  type ItemOrigin,
  QuotaCheck,
} from '../../../../src/daemon/guard/index.ts';
import { DEFAULT_QUOTA_OPTIONS, type QuotaOptions } from '../../../../src/daemon/guard/options.ts';
import { storeItems } from '../../../../src/daemon/replicator/testing.ts';
import type { Replica, VerifiedItem } from '../../../../src/store/index.ts';
import type { MemorySet } from '../../../store/replica/in-memory.ts';
import type { VirtualClock } from '../../../support/clock.ts';
import { itemOf } from '../../replicator/support.ts';

export type PeerOrigin = ItemOrigin & { readonly peer: string };

export const from = (peer: string, publisher: string | null = null): PeerOrigin => ({
  via: publisher === null ? 'fetch' : 'push',
  peer,
  publisher,
});

export interface Rig {
  readonly check: QuotaCheck;
  readonly replica: Replica;
  readonly guard: ItemGuard;
  /** Stores items that come together; the codes of refusals. */
  bring(origin: PeerOrigin, ...numbers: number[]): Promise<string[]>;
}

export async function counted(clock: VirtualClock): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await clock.advance(1);
}

export async function open(
  t: TestContext,
  set: MemorySet,
  quotas: Partial<QuotaOptions>,
  itemAt: (number: number) => VerifiedItem = itemOf,
): Promise<Rig> {
  const replica = await set.open(t);
  const options = { ...DEFAULT_QUOTA_OPTIONS, ...quotas };
  const logger = pino({ level: 'silent' });
  const check = new QuotaCheck({ replica, clock: set.clock, logger, options });
  t.after(() => check.stop());
  await counted(set.clock);
  const guard = guardOf([check]);
  const bring = async (origin: PeerOrigin, ...numbers: number[]): Promise<string[]> => {
    const codes: string[] = [];
    const observer = { stored: () => undefined, refused: (code: string) => void codes.push(code) };
    await storeItems(
      { replica, guard, origin, observer },
      numbers.map((number) => itemAt(number)),
      [],
    );
    return codes;
  };
  return { check, replica, guard, bring };
}
