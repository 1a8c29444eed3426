import {
  FINGERPRINT_COST,
  LOOKUP_COST,
} from '../../../src/protocol/reconcile/dialects/shared/index.ts';
import type { Snapshot } from '../../../src/store/index.ts';

const ID_BYTES = 32;

/** Counts what is read from `snapshot`, in items: as the meter of a session weighs it. */
export function counting(snapshot: Snapshot, reads: { count: number }): Snapshot {
  const spend = <T>(count: number, value: T): T => {
    reads.count += count;
    return value;
  };
  function* counted<T>(some: Iterable<T>, items: (value: T) => number): Iterable<T> {
    for (const value of some) yield spend(items(value), value);
  }
  return {
    scheme: snapshot.scheme,
    size: snapshot.size,
    select: (rank) => spend(LOOKUP_COST, snapshot.select(rank)),
    lowerBound: (bound) => spend(LOOKUP_COST, snapshot.lowerBound(bound)),
    keys: (begin, end) => counted(snapshot.keys(begin, end), () => 1),
    ids: (begin, end) => spend(end - begin, snapshot.ids(begin, end)),
    idRuns: (begin, end) =>
      counted(snapshot.idRuns!(begin, end), ({ length }) => length / ID_BYTES),
    fingerprint: (begin, end) => spend(FINGERPRINT_COST, snapshot.fingerprint(begin, end)),
    fingerprints: (cuts) =>
      spend((cuts.length - 1) * FINGERPRINT_COST, snapshot.fingerprints!(cuts)),
    edgeNear: (rank) => snapshot.edgeNear!(rank),
    contains: (id) => spend(LOOKUP_COST, snapshot.contains(id)),
    lacking: (ids) => spend(ids.length, snapshot.lacking!(ids)),
    release: () => snapshot.release(),
  };
}
