import { UnionSnapshot, WriteBuffer } from '../../buffer/index.ts';
import { readU32BE } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import { readSync, tryRead, UNREADABLE, viewsOf } from '../../level/index.ts';
import { countRecords } from '../check/index.ts';
import { readBuffer } from '../durable-set/index.ts';
import { decodeState, SCHEMA_KEY, SCHEMA_VERSION, unsupported } from '../records/index.ts';
import { verifyArrivals } from './arrivals.ts';
import { type VerifiedTotals, verifyIds, verifyItems } from './items.ts';
import { verifyTree } from './tree.ts';
import type { VerifyResult } from './types.ts';
import { Verification, type VerifyInit } from './verification.ts';

/**
 * Compares all records of a set, as of one moment: payloads with their ids, the tree with a
 * recomputation, items with the index, the id records and the order of arrival, the counts, and the log. Only reads; works on
 * a database that is in use. Rejects with `UNSUPPORTED_SCHEMA` for another schema.
 */
export async function verifyReplica(init: VerifyInit): Promise<VerifyResult> {
  const run = new Verification(init);
  const { snapshot, keys } = run;
  try {
    verifySchema(run);
    verifyState(run);
    await verifyCommit(run, init);
    // What LevelDB makes of damaged tables may end the process.
    const readable = await verifyTables(run, init);
    const found = readable ? await verifyRecords(run) : NOTHING;
    const unreadable = run.unreadable('records in quarantine');
    const options = { snapshot, unreadable };
    const quarantined = await countRecords(run.database, keys.quarantined, options);
    const { problemCount, problems } = run;
    return { ok: problemCount === 0, ...found, quarantined, problemCount, problems };
  } finally {
    await snapshot.close();
  }
}

const NOTHING: VerifiedTotals = { items: 0, bytes: 0, pending: 0 };

/** Whether no table of the database is damaged. */
async function verifyTables(run: Verification, { care }: VerifyInit): Promise<boolean> {
  const before = run.problemCount;
  for await (const found of care?.patrol() ?? []) {
    if (typeof found === 'string') run.add('UNREADABLE', null, `${found}: ${REMEDY}`);
    await run.step('tables', 0);
  }
  return run.problemCount === before;
}

const REMEDY =
  'nothing else was compared; the daemon repairs the database when it starts or scrubs, and the peers refill what is lost';

async function verifyRecords(run: Verification): Promise<VerifiedTotals> {
  const { state } = run;
  const buffer =
    (await run.guard('LOG', () => readBuffer(run, state, run.snapshot))) ??
    WriteBuffer.empty({ scheme: run.scheme });
  await run.step('log', state.commit);
  const tree = await verifyTree(run);
  const index = tree && new UnionSnapshot({ tree, buffer });
  const found = await verifyItems(run, index);
  await verifyArrivals(run, await verifyIds(run, found.items), index);
  if (state.items !== found.items || state.bytes !== found.bytes) {
    const says = `${state.items} items of ${state.bytes} bytes`;
    const there = `${found.items} items of ${found.bytes} bytes`;
    run.add('TOTALS', run.keys.state, `the state says ${says}, there are ${there}`);
  }
  return found;
}

function verifySchema(run: Verification): void {
  const value = tryRead(run.database, SCHEMA_KEY, run.snapshot);
  if (value === UNREADABLE) run.add('SCHEMA', SCHEMA_KEY, 'the schema record cannot be read');
  else if (value?.length === 4) checkSchema(readU32BE(value, 0));
  else run.add('SCHEMA', SCHEMA_KEY, `the database is not of schema ${SCHEMA_VERSION}`);
}

function checkSchema(version: number): void {
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION || version < 1) throw unsupported(version);
  throw new StoreError(
    'UNSUPPORTED_SCHEMA',
    `the data directory has schema ${version}, this rangemesh verifies schema ${SCHEMA_VERSION}: start ` +
      'the daemon on it once, which migrates it, then verify',
  );
}

function verifyState(run: Verification): void {
  const { database, snapshot, keys } = run;
  try {
    const value = readSync(database, keys.state, viewsOf(snapshot));
    if (value === undefined) return;
    run.state = decodeState(value);
    if (run.state.rebuilding) run.add('STATE', keys.state, 'the index is unfinished');
  } catch (error) {
    run.note('STATE', error);
  }
}

async function verifyCommit(run: Verification, { witness }: VerifyInit): Promise<void> {
  const known = (await witness?.read()) ?? 0;
  const { commit } = run.state;
  if (known <= commit) return;
  const message = `commits up to ${known} were on disk, the database ends with ${commit}: start the daemon on it, and the peers refill what was lost`;
  run.add('COMMITS_LOST', run.keys.state, message);
}
