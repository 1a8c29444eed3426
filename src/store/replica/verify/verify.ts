import type { AbstractSnapshot } from 'abstract-level';
import { UnionSnapshot, WriteBuffer } from '../../buffer/index.ts';
import { readU32BE } from '../../bytes.ts';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { type Database, readSync, tryRead, UNREADABLE, VIEWS, walk } from '../../level/index.ts';
import { readBuffer } from '../durable-set/index.ts';
import {
  decodeState,
  EMPTY_STATE,
  SCHEMA_KEY,
  SCHEMA_VERSION,
  type SetKeys,
  type SetState,
  setKeys,
  unsupported,
} from '../records/index.ts';
import type { Witness } from '../types.ts';
import { Findings } from './findings.ts';
import { verifyIds } from './ids.ts';
import { verifyItems } from './items.ts';
import { openVerifiedTree, verifyTree } from './tree.ts';
import type { VerifyOptions, VerifyResult } from './types.ts';
import type { Verification } from './verification.ts';

export interface VerifyInit extends VerifyOptions {
  /** Open; nothing is written to it. */
  database: Database;
  clock: Clock;
  scheme: FingerprintScheme;
  /** @default 'set' */
  name?: string;
  /** Knows of commits that were on disk. Give it for a set that is not in use only. @default none */
  witness?: Pick<Witness, 'read'>;
}

/** Milliseconds of work without a pause. */
const SLICE_MS = 8;

/**
 * Compares everything a set has in its database with everything else, as of one moment: payloads with
 * their ids, the tree with a recomputation, items with the index and with the id records, the counts,
 * and the log. Reads only; works on a database that is in use. Rejects with `UNSUPPORTED_SCHEMA` for
 * one of another schema.
 */
export async function verifyReplica(init: VerifyInit): Promise<VerifyResult> {
  const { database, scheme, name = 'set', maxProblems = 100 } = init;
  const snapshot = database.snapshot();
  const findings = new Findings(maxProblems);
  const keys = setKeys(name);
  try {
    await verifySchema(database, snapshot, findings);
    const state = await verifyState(database, snapshot, { keys, findings });
    await verifyCommit(init, state, { keys, findings });
    const step = stepper(init, state);
    const unreadable = (records: string) => (error: unknown) => {
      const reason = (error as Error).message;
      findings.add('UNREADABLE', null, `LevelDB cannot read all of the ${records} (${reason})`);
    };
    const run = { database, snapshot, keys, scheme, state, findings, step, unreadable };
    const found = await verifyRecords(run);
    const quarantined = await countRecords(run, keys.quarantined);
    const { count, problems } = findings;
    return { ok: count === 0, ...found, quarantined, problemCount: count, problems };
  } finally {
    await snapshot.close();
  }
}

async function verifyRecords(run: Verification): Promise<{ items: number; bytes: number }> {
  const { findings, state } = run;
  let buffer = WriteBuffer.empty({ scheme: run.scheme });
  await findings.guard('LOG', async () => {
    buffer = await readBuffer(run, state, run.snapshot);
  });
  await run.step('log', state.commit);
  const tree = await openVerifiedTree(run);
  if (tree !== null) await verifyTree(run, tree);
  const index = tree && new UnionSnapshot({ tree, buffer });
  const found = await verifyItems(run, index);
  await verifyIds(run, found.items);
  if (state.items !== found.items || state.bytes !== found.bytes) {
    const says = `${state.items} items of ${state.bytes} bytes`;
    const there = `${found.items} items of ${found.bytes} bytes`;
    findings.add('TOTALS', run.keys.state, `the state says ${says}, there are ${there}`);
  }
  return found;
}

async function verifySchema(
  database: Database,
  snapshot: AbstractSnapshot,
  findings: Findings,
): Promise<void> {
  const value = tryRead(database, SCHEMA_KEY, snapshot);
  if (value === UNREADABLE) findings.add('SCHEMA', SCHEMA_KEY, 'the schema record cannot be read');
  else if (value?.length === 4) checkSchema(readU32BE(value, 0));
  else findings.add('SCHEMA', SCHEMA_KEY, `the database is not of schema ${SCHEMA_VERSION}`);
}

/** Another schema is no damage: it cannot be verified, that is all. */
function checkSchema(version: number): void {
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION || version < 1) throw unsupported(version);
  throw new StoreError(
    'UNSUPPORTED_SCHEMA',
    `the data directory has schema ${version}, this rangemesh verifies schema ${SCHEMA_VERSION}: start ` +
      'the daemon on it once, which migrates it, then verify',
  );
}

async function verifyState(
  database: Database,
  snapshot: AbstractSnapshot,
  { keys, findings }: { keys: SetKeys; findings: Findings },
): Promise<SetState> {
  let state = EMPTY_STATE;
  await findings.guard('STATE', async () => {
    const value = readSync(database, keys.state, { ...VIEWS, snapshot });
    if (value === undefined) return;
    state = decodeState(value);
    if (state.rebuilding) findings.add('STATE', keys.state, 'the index is unfinished');
  });
  return state;
}

async function verifyCommit(
  { witness }: VerifyInit,
  { commit }: SetState,
  { keys, findings }: { keys: SetKeys; findings: Findings },
): Promise<void> {
  const known = (await witness?.read()) ?? 0;
  if (known <= commit) return;
  const message = `commits up to ${known} were on disk, the database ends with ${commit}: start the daemon on it, and the peers refill what was lost`;
  findings.add('COMMITS_LOST', keys.state, message);
}

async function countRecords(run: Verification, range: SetKeys['items']): Promise<number> {
  let count = 0;
  const unreadable = run.unreadable('records in quarantine');
  const options = { snapshot: run.snapshot, values: false, unreadable };
  for await (const records of walk(run.database, range, options)) count += records.length;
  return count;
}

function stepper({ clock, progress, signal }: VerifyInit, state: SetState): Verification['step'] {
  let pausedAt = clock.monotonic();
  return async (phase, done) => {
    signal?.throwIfAborted();
    progress?.({ phase, done, of: state.items });
    if (clock.monotonic() - pausedAt < SLICE_MS) return;
    await new Promise<void>((resolve) => clock.after(0, resolve));
    pausedAt = clock.monotonic();
  };
}
