import { type Declarations, LabelValues } from './declare.ts';

/** The place of a refusal: items of peers that were not taken, or an answer of the endpoint. */
export type RefusalPlace = 'push' | 'fetch' | 'http';

/** The metrics of all that is refused. */
export interface RefusalMetrics {
  refused(at: RefusalPlace, code: string): void;
  /** A connection or dial was refused, or failed. */
  noticed(code: string): void;
}

export function refusalMetrics(declare: Declarations): RefusalMetrics {
  const refusals = declare.counter(
    'refusals_total',
    'Refusals by code. At: push or fetch (an item of a peer was not taken, or put off by a rate), http (an error answer).',
    ['at', 'code'],
  );
  const notices = declare.counter(
    'mesh_notices_total',
    'Refusals and troubles of connections and dials by code, repeats included.',
    ['code'],
  );
  const codes = new LabelValues();
  return {
    refused: (at, code) => refusals.inc({ at, code: codes.of(code) }),
    noticed: (code) => notices.inc({ code: codes.of(code) }),
  };
}
