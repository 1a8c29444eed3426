import { z } from 'zod';
import type { CompactProgress, CompactResult } from '../../../store/index.ts';
import type { RefusalReason } from '../../node-api.ts';
import { count, errorAnswer } from '../common.ts';
import { schemaOf } from '../define.ts';

export const compactResult: z.ZodType<CompactResult> = schemaOf<CompactResult>('CompactResult')(
  z.strictObject({
    beforeBytes: count.describe('Bytes in the tables of the database before, as LevelDB estimates'),
    afterBytes: count.describe('The same afterwards'),
    pieces: count.describe('Pieces of the key space that were compacted'),
    complete: z.boolean().describe('False: the database was closed before the end'),
  }),
);

/** One line of the answer in NDJSON; the last is a result or an error. */
export type CompactLine =
  | { readonly progress: CompactProgress }
  | { readonly result: CompactResult }
  | { readonly error: RefusalReason };

const progress = schemaOf<CompactProgress>()(
  z.strictObject({
    done: count.describe('Bytes of tables'),
    of: count.describe('Bytes of tables in all, as LevelDB estimates'),
  }),
);

export const compactLine: z.ZodType<CompactLine> = schemaOf<CompactLine>('CompactLine')(
  z.union([
    z.strictObject({ progress }),
    z.strictObject({ result: compactResult }),
    z.strictObject({ error: errorAnswer }),
  ]),
);
