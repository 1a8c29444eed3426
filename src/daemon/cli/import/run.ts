import { ClientError } from '../../client/index.ts';
import { DaemonError } from '../../errors.ts';
import type { PutAnswer } from '../../schemas/index.ts';
import type { ImportCandidate, ImportOrigin, SkipReason } from './candidate.ts';

export interface ImportInit {
  candidates: AsyncGenerator<ImportCandidate>;
  put: (payload: Uint8Array, hint: bigint) => Promise<PutAnswer>;
  /** Recognizes keys and tokens, which are skipped. */
  isSecret: (payload: Uint8Array) => boolean;
  /** Puts under way at a time. */
  concurrency: number;
  /** Keeps what was imported; the import ends where it rejects. */
  note: (outcome: Imported) => Promise<void>;
  /** Sees every outcome as it comes; awaited. */
  report: (outcome: ImportOutcome) => Promise<void>;
}

export interface Imported {
  kind: 'imported';
  origin: ImportOrigin;
  answer: PutAnswer;
  bytes: number;
}

export type ImportOutcome =
  | Imported
  | { kind: 'skipped'; origin: ImportOrigin; reason: SkipReason }
  | { kind: 'failed'; origin: ImportOrigin; error: Trouble };

export interface Trouble {
  readonly code: string;
  readonly message: string;
}

export interface Summary {
  /** Items that the daemon has now, new or not. */
  imported: number;
  /** Imported items that the daemon did not have before. */
  created: number;
  /** Payload bytes of the imported items. */
  bytes: number;
  skipped: Record<SkipReason, number>;
  failed: number;
  /** Why the rest was not tried, or null. */
  stopped: Trouble | null;
}

/** Offers every candidate to the daemon; ends early when no further put can succeed. */
export async function importAll(init: ImportInit): Promise<Summary> {
  const summary: Summary = {
    imported: 0,
    created: 0,
    bytes: 0,
    skipped: { symlink: 0, notAFile: 0, tooLarge: 0, blankLine: 0, ownFile: 0, manifest: 0 },
    failed: 0,
    stopped: null,
  };
  const worker = async () => {
    while (summary.stopped === null) {
      const next = await init.candidates.next();
      if (next.done === true) return;
      const outcome = await importOne(next.value, init, summary);
      if (outcome.kind === 'imported') {
        await init.note(outcome).catch((error) => {
          summary.stopped ??= troubleOf(error);
        });
      }
      await init.report(outcome);
    }
  };
  await Promise.all(Array.from({ length: init.concurrency }, worker));
  await init.candidates.return(undefined);
  return summary;
}

async function importOne(
  { origin, load }: ImportCandidate,
  init: ImportInit,
  summary: Summary,
): Promise<ImportOutcome> {
  const skip = (reason: SkipReason): ImportOutcome => {
    summary.skipped[reason]++;
    return { kind: 'skipped', origin, reason };
  };
  try {
    const loaded = await load();
    if (loaded.kind === 'skipped') return skip(loaded.reason);
    if (init.isSecret(loaded.payload)) return skip('ownFile');
    const answer = await init.put(loaded.payload, loaded.hint);
    summary.imported++;
    if (answer.created) summary.created++;
    summary.bytes += loaded.payload.length;
    return { kind: 'imported', origin, answer, bytes: loaded.payload.length };
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble.code === 'OWN_SECRET') return skip('ownFile');
    summary.failed++;
    if (isFinal(error)) summary.stopped ??= trouble;
    return { kind: 'failed', origin, error: trouble };
  }
}

function troubleOf(error: unknown): Trouble {
  const { code = 'UNREADABLE', message } = error as Error & { code?: string };
  return { code, message };
}

/** Whether the next put would fail for the same reason: no daemon, no right, no room. */
function isFinal(error: unknown): boolean {
  if (error instanceof DaemonError) return true;
  return error instanceof ClientError && [401, 403, 404, 503, 507].includes(error.status);
}
