import {
  type Comparison,
  type NamedIds,
  type Outlines,
  ProtocolError,
  type ProtocolErrorCode,
  reconciledBoth,
  type SessionReport,
} from '../../../protocol/index.ts';
import { bytesToHex, type Replica } from '../../../store/index.ts';
import type { DiffAnswer, DiffInit, DiffKey } from '../../explain-api.ts';
import type { Replicator } from '../../replicator/index.ts';

interface DiffParts {
  replica: Pick<Replica, 'head'>;
  replicator: Pick<Replicator, 'compare'>;
}

/** Ends of sessions whose findings count. */
const CUT_SHORT: ReadonlySet<string> = new Set(['BUDGET_SPENT', 'TIMEOUT']);

/** Compares the sets by a session. Rejects with the error of the session. */
export async function diff(
  init: DiffInit,
  { replica, replicator }: DiffParts,
): Promise<DiffAnswer> {
  const { peerId, from, to, limit } = init;
  const interval = { lower: { hint: from, id: null }, upper: { hint: to, id: null } };
  const found = new FirstFound(limit);
  const report = await replicator.compare(peerId, { interval, found });
  const cut = checked(report, peerId);
  const { missing, have, unlisted } = found;
  const here = report?.finding?.mine ?? have.length;
  const there = report?.finding?.theirs ?? found.missed;
  const hidden = unlisted.length;
  return {
    peerId,
    from: `${from}`,
    to: `${to}`,
    equal: !cut && here + there === 0,
    truncated: cut || have.length < here || missing.length + hidden < there,
    counts: { here, there },
    onlyHere: await withHints(have, replica),
    onlyThere: missing.map((id) => ({ id: bytesToHex(id), hint: null })),
    unlisted: await withHints(unlisted, replica),
  };
}

/** Whether the session compared a part alone; throws if it compared nothing. */
function checked(report: SessionReport | null, peerId: string): boolean {
  if (report === null) throw new ProtocolError('ABORTED', 'the daemon is shutting down');
  const { error, role, outlines } = report;
  if (error !== null && CUT_SHORT.has(error.code) && report.rounds > 0) return true;
  if (error !== null) throw sessionError(report, error);
  if (outlines?.ours.gives === false || outlines?.theirs.gives === false)
    throw hidden(outlines, peerId);
  if (role === 'initiator' && (reconciledBoth(report) || report.equal)) return false;
  const message = `${peerId} settles no differences now, since it begins sessions itself or is far behind: try again in a moment`;
  throw new ProtocolError('BUSY', message);
}

/** A set that is not shown is not compared. */
function hidden({ ours }: Outlines, peerId: string): ProtocolError {
  const [writer, where] = ours.gives === false ? [peerId, 'here'] : ['this node', 'there'];
  const message = `the sets are not compared: ${writer} may only write, see access.write ${where}`;
  return new ProtocolError('ROLE_WRITE', message);
}

/** A paused node resets each session at once, without a reason. */
function sessionError(
  { peer, rounds }: SessionReport,
  { code, message }: NonNullable<SessionReport['error']>,
): ProtocolError {
  const refused = code === 'STREAM_FAILED' && rounds === 0;
  const hint = `: an operator may have paused replication there; see "rangemesh status" at ${peer}`;
  return new ProtocolError(code as ProtocolErrorCode, refused ? message + hint : message);
}

/** The first ids of each kind that a session names. */
class FirstFound implements Comparison {
  readonly tell: number;
  readonly missing: Uint8Array[] = [];
  readonly have: Uint8Array[] = [];
  readonly unlisted: Uint8Array[] = [];
  /** All ids that only the peer has. */
  missed = 0;

  constructor(limit: number) {
    this.tell = limit;
  }

  take({ missing, have = [], unlisted = [] }: NamedIds): void {
    this.missed += missing.length;
    // Copied: the ids of a frame share memory.
    const room = Math.max(0, this.tell - this.missing.length);
    this.missing.push(...missing.slice(0, room).map((id) => id.slice()));
    this.have.push(...have);
    this.unlisted.push(...unlisted);
  }
}

async function withHints(
  ids: readonly Uint8Array[],
  replica: Pick<Replica, 'head'>,
): Promise<DiffKey[]> {
  const keys: DiffKey[] = [];
  for (const id of ids) {
    const head = await replica.head(id).catch(() => undefined);
    keys.push({ id: bytesToHex(id), hint: head === undefined ? null : `${head.hint}` });
  }
  return keys;
}
