import { delay } from '../alarm.ts';
import { bytesToHex } from '../bytes.ts';
import type { Clock } from '../environment.ts';
import type { Database, KeyRangeBytes } from './database.ts';

/** Bytes in the tables of a database, as LevelDB estimates them. */
export interface CompactResult {
  readonly beforeBytes: number;
  readonly afterBytes: number;
  /** Pieces of the key space that were compacted. */
  readonly pieces: number;
  /** False if the database was closed before the end. */
  readonly complete: boolean;
}

/** How far a compaction is, in bytes of tables. */
export interface CompactProgress {
  readonly done: number;
  readonly of: number;
}

/** The part that is compacted, and how that is watched. */
export interface CompactOptions {
  /** Gets the first step before anything is compacted, and one after each piece. @default nobody */
  readonly progress?: ((progress: CompactProgress) => void) | undefined;
  /** The parts of the key space to compact, ascending. @default all of it */
  ranges?: readonly KeyRangeBytes[];
  /**
   * Bytes of a piece. Lowering it lets LevelDB write out new records sooner.
   * @default 64 MiB
   */
  pieceBytes?: number;
  /**
   * Times the pause after a piece, which is as long as the piece took.
   * @default there is no pause
   */
  clock?: Clock;
}

/** LevelDB's own calls; databases in memory do not know them. */
interface CompactingDatabase {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
  approximateSize(start: Uint8Array, end: Uint8Array): Promise<number>;
}

/** A piece of this size takes about a second; closing the database waits for it. */
const PIECE_BYTES = 64 * 1024 * 1024;

/** Keys differ within so many bytes, wherever a piece has to be split: a name, a letter, a hint and 8 bytes of an id. */
const KEY_BYTES = 40;
const LAST = (1n << BigInt(8 * KEY_BYTES)) - 1n;

const EVERYTHING: readonly KeyRangeBytes[] = [{ gte: keyOf(0n), lt: keyOf(LAST) }];

/**
 * Compacts a database, a piece after the other. Between two pieces `stopped` may end it. A database in memory
 * has nothing to compact.
 */
export async function compactDatabase(
  database: Database,
  stopped: () => boolean,
  {
    progress = () => undefined,
    ranges = EVERYTHING,
    pieceBytes = PIECE_BYTES,
    clock,
  }: CompactOptions = {},
): Promise<CompactResult> {
  if (!isCompacting(database)) {
    return { beforeBytes: 0, afterBytes: 0, pieces: 0, complete: true };
  }
  const whole = (): Promise<number> => database.approximateSize(keyOf(0n), keyOf(LAST));
  // Estimates are of tables: this writes LevelDB's memory out, so that they are of everything.
  if (ranges === EVERYTHING) await database.compactRange(keyOf(0n), keyOf(0n));
  const beforeBytes = await whole();
  let pieces = 0;
  let done = 0;
  progress({ done, of: beforeBytes });
  for (const { gte, lt } of ranges) {
    for await (const piece of piecesOf(database, pieceBytes, numberOf(gte), numberOf(lt))) {
      if (stopped()) return { beforeBytes, afterBytes: beforeBytes, pieces, complete: false };
      const begin = clock?.monotonic() ?? 0;
      await database.compactRange(keyOf(piece.start), keyOf(piece.end));
      pieces++;
      done += piece.bytes;
      // Writes that go on add to the pieces.
      progress({ done, of: Math.max(done, beforeBytes) });
      if (clock !== undefined) await delay(clock, clock.monotonic() - begin);
    }
  }
  return { beforeBytes, afterBytes: await whole(), pieces, complete: true };
}

function isCompacting(database: object): database is CompactingDatabase {
  return 'compactRange' in database && 'approximateSize' in database;
}

/** Halves the interval until a piece is small, or keys cannot be told apart any more. */
async function* piecesOf(
  database: CompactingDatabase,
  pieceBytes: number,
  start: bigint,
  end: bigint,
): AsyncGenerator<{ readonly start: bigint; readonly end: bigint; readonly bytes: number }> {
  const bytes = await database.approximateSize(keyOf(start), keyOf(end));
  if (bytes <= pieceBytes || end - start <= 1n) {
    // Each call also writes out LevelDB's memory: none for a piece without tables.
    if (bytes > 0 || end - start === LAST) yield { start, end, bytes };
    return;
  }
  const middle = start + (end - start) / 2n;
  yield* piecesOf(database, pieceBytes, start, middle);
  yield* piecesOf(database, pieceBytes, middle, end);
}

function keyOf(number: bigint): Uint8Array {
  const digits = number.toString(16).padStart(2 * KEY_BYTES, '0');
  return Uint8Array.from({ length: KEY_BYTES }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** The number of a key's first bytes. */
function numberOf(key: Uint8Array): bigint {
  const padded = new Uint8Array(KEY_BYTES);
  padded.set(key.subarray(0, KEY_BYTES));
  return BigInt(`0x${bytesToHex(padded)}`);
}
