import { bytesToKey } from '../../bytes.ts';
import { tryRead } from '../../level/index.ts';
import type { PreparedCommit } from '../durable-set/index.ts';
import { encodeRefused } from '../records/index.ts';
import type { DropPlace } from './drop-commit.ts';
import type { PolicyNotes } from './policy-notes.ts';
import type { PolicyRefusal } from './types.ts';

/**
 * Remembers refusals of a policy; null: there is nothing to write. Memory has them before the disk: a put that
 * follows deletes their records then. A held item is none of the policy's concern any more.
 */
export function noteCommit(
  { database, keys, set }: DropPlace,
  notes: PolicyNotes,
  { items, at }: { readonly items: readonly PolicyRefusal[]; readonly at: number },
): PreparedCommit | null {
  const last = new Map<string, PolicyRefusal>();
  for (const item of items) {
    if (tryRead(database, keys.id(item.id)) !== undefined) continue;
    notes.add(item);
    last.set(bytesToKey(item.id), item);
  }
  if (last.size === 0) return null;
  return set.write((sink) => {
    for (const { id, hint, reason } of last.values()) {
      const marks = notes.marks(id);
      sink.put(
        keys.refused(id),
        encodeRefused({ at, by: 'policy', hint, seq: null, reason, marks }),
      );
    }
  });
}
