import { equalBytes, itemId } from '../../../store/index.ts';
import type { BulkFault, BulkItem } from '../../bulk/index.ts';
import type { BulkItems, RefusalReason } from '../../node-api.ts';
import { idText } from '../streaming.ts';

/** Most items and payload bytes of a group, or a single item: a commit. */
const MAX_ITEMS = 4_096;
const MAX_BYTES = 1024 * 1024;

export interface GroupInit {
  readonly putMany: BulkItems['putMany'];
  readonly refusalOf: (error: unknown) => RefusalReason;
}

type Entry = BulkItem | BulkFault;

const OTHER_ID: RefusalReason = {
  code: 'ID_MISMATCH',
  message: 'hint and payload do not hash to the id beside them: they were changed on the way',
};

/** Items that are stored together. */
export class BatchGroup {
  readonly #entries: readonly Entry[];
  #lines: Uint8Array = new Uint8Array();
  /** Items that were stored, held or refused. */
  readonly items: number;
  created = 0;
  failed = 0;

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.items = entries.length;
  }

  static isFull(entries: readonly Entry[]): boolean {
    return entries.length >= MAX_ITEMS || sizeOf(entries) < entries.length;
  }

  /** The first of the entries, as many as fit in a group. */
  static take(entries: readonly Entry[]): BatchGroup {
    return new BatchGroup(entries.slice(0, sizeOf(entries)));
  }

  get size(): number {
    return this.#entries.length;
  }

  /** A line for each item. */
  lines(): Uint8Array {
    return this.#lines;
  }

  /** Resolves with itself once its items are stored or refused. */
  async store({ putMany, refusalOf }: GroupInit): Promise<this> {
    const outcomes = this.#entries.map((entry) => (entry.kind === 'fault' ? entry : check(entry)));
    const taken = this.#entries.filter(
      (entry, at) => entry.kind === 'item' && outcomes[at] === null,
    );
    const items = (taken as BulkItem[]).map(({ hint, payload }) => ({
      payload,
      hint: hint ?? undefined,
    }));
    const results = await putMany(items).catch((error) => items.map(() => error as Error));
    const lines: string[] = [];
    let next = 0;
    for (const [at, { line }] of this.#entries.entries()) {
      const result = outcomes[at] ?? results[next++]!;
      if ('created' in result) {
        const { id, hint, created } = result;
        if (created) this.created++;
        lines.push(`{"id":"${idText(id)}","hint":"${hint}","created":${created}}\n`);
      } else {
        this.failed++;
        const { code, message } = result instanceof Error ? refusalOf(result) : result;
        lines.push(`${JSON.stringify({ error: { code, message }, line })}\n`);
      }
    }
    this.#lines = Buffer.from(lines.join(''));
    return this;
  }
}

/** Why the item is not stored; null: it is stored. */
function check({ id, hint, payload }: BulkItem): RefusalReason | null {
  if (id === null || hint === null) return null;
  return equalBytes(itemId(hint, payload), id) ? null : OTHER_ID;
}

/** The first entries that fit, at least one. */
function sizeOf(entries: readonly Entry[]): number {
  let bytes = 0;
  const most = Math.min(entries.length, MAX_ITEMS);
  for (let at = 0; at < most; at++) {
    const entry = entries[at]!;
    if (entry.kind === 'item') bytes += entry.payload.length;
    if (bytes > MAX_BYTES) return Math.max(1, at);
  }
  return most;
}
