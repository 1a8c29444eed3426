import { bytesToHex, type Clock, itemId } from '../../../store/index.ts';
import { BulkError } from '../../bulk/index.ts';
import type { PutAnswer } from '../../schemas/index.ts';
import type { ImportCandidate, ImportOrigin, SkipReason } from './candidate.ts';
import {
  type ImportTarget,
  offer,
  type ReadItem,
  type Refusal,
  type Trouble,
  troubleOf,
} from './offer.ts';
import { Parcels } from './parcels.ts';

export interface ImportInit {
  candidates: AsyncGenerator<ImportCandidate>;
  daemon: ImportTarget;
  /** Recognizes keys and tokens, which are skipped. */
  isSecret: (payload: Uint8Array) => boolean;
  /** Candidates that are read at a time. */
  concurrency: number;
  clock: Clock;
  /** Aborted, with a reason that has a code, when no more shall be read. */
  signal: AbortSignal;
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

/** Offers every candidate to the daemon; ends early when no further item can be stored. */
export async function importAll(init: ImportInit): Promise<Summary> {
  return new ImportRun(init).run();
}

/** One import, from reading the first candidate to the answer for the last. */
class ImportRun {
  readonly #init: ImportInit;
  readonly #parcels: Parcels<ReadItem>;
  readonly #summary: Summary = {
    imported: 0,
    created: 0,
    bytes: 0,
    skipped: { symlink: 0, notAFile: 0, tooLarge: 0, blankLine: 0, ownFile: 0, manifest: 0 },
    failed: 0,
    stopped: null,
  };

  /** No further item can be stored. */
  #futile = false;

  constructor(init: ImportInit) {
    this.#init = init;
    this.#parcels = new Parcels({ clock: init.clock, send: (items) => this.#send(items) });
  }

  async run(): Promise<Summary> {
    const { concurrency, candidates } = this.#init;
    const workers = Array.from({ length: concurrency }, () => this.#work());
    try {
      await Promise.all(workers);
    } finally {
      await Promise.allSettled(workers);
      await this.#parcels.end();
      await candidates.return(undefined);
    }
    return this.#summary;
  }

  async #work(): Promise<void> {
    for (let next = await this.#next(); next !== null; next = await this.#next()) {
      const outcome = await this.#read(next);
      if (outcome !== null) await this.#told(outcome);
    }
  }

  /** Null at the end, or where the import stops. */
  async #next(): Promise<ImportCandidate | null> {
    const { candidates, signal } = this.#init;
    if (this.#stopped) return null;
    if (signal.aborted) {
      this.#stop(signal.reason);
      return null;
    }
    try {
      const { done, value } = await candidates.next();
      return done === true || this.#stopped ? null : value;
    } catch (error) {
      // What an export had before it broke off is stored.
      if (!(error instanceof BulkError)) throw error;
      this.#stop(error);
      return null;
    }
  }

  get #stopped(): boolean {
    return this.#summary.stopped !== null;
  }

  #stop(reason: unknown): void {
    this.#summary.stopped ??= troubleOf(reason);
  }

  /** Hands the item on; otherwise returns what became of the candidate. */
  async #read({ origin, load }: ImportCandidate): Promise<ImportOutcome | null> {
    try {
      const loaded = await load();
      if (loaded.kind === 'skipped') return this.#skip(origin, loaded.reason);
      const { hint, payload } = loaded;
      if (this.#init.isSecret(payload)) return this.#skip(origin, 'ownFile');
      const id = loaded.id ?? itemId(hint, payload);
      await this.#parcels.add({ origin, hint, payload, id: bytesToHex(id) }, payload.length);
      return null;
    } catch (error) {
      return this.#failed(origin, troubleOf(error));
    }
  }

  /** Never rejects. */
  async #send(items: readonly ReadItem[]): Promise<void> {
    // Once no item can be stored, those behind it were not reached.
    if (this.#futile) return;
    const answers = await offer(this.#init.daemon, items);
    for (const [at, { origin, payload }] of items.entries()) {
      const answer = answers[at]!;
      const { length } = payload;
      const outcome =
        'created' in answer
          ? this.#imported(origin, answer, length)
          : this.#refused(origin, answer);
      await this.#told(outcome).catch((error) => this.#stop(error));
      if ('isFinal' in answer && answer.isFinal) return;
    }
  }

  async #told(outcome: ImportOutcome): Promise<void> {
    if (outcome.kind === 'imported')
      await this.#init.note(outcome).catch((error) => this.#stop(error));
    await this.#init.report(outcome);
  }

  #imported(origin: ImportOrigin, answer: PutAnswer, bytes: number): ImportOutcome {
    this.#summary.imported++;
    if (answer.created) this.#summary.created++;
    this.#summary.bytes += bytes;
    return { kind: 'imported', origin, answer, bytes };
  }

  #refused(origin: ImportOrigin, { trouble, isFinal }: Refusal): ImportOutcome {
    if (trouble.code === 'OWN_SECRET') return this.#skip(origin, 'ownFile');
    if (isFinal) {
      this.#summary.stopped ??= trouble;
      this.#futile = true;
    }
    return this.#failed(origin, trouble);
  }

  #skip(origin: ImportOrigin, reason: SkipReason): ImportOutcome {
    this.#summary.skipped[reason]++;
    return { kind: 'skipped', origin, reason };
  }

  #failed(origin: ImportOrigin, error: Trouble): ImportOutcome {
    this.#summary.failed++;
    return { kind: 'failed', origin, error };
  }
}
