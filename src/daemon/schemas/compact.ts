import { z } from 'zod';
import type { CompactResult } from '../../store/index.ts';
import { count } from './common.ts';
import { schemaOf } from './define.ts';

export const compactResult: z.ZodType<CompactResult> = schemaOf<CompactResult>('CompactResult')(
  z.strictObject({
    beforeBytes: count.describe('Bytes in the tables of the database before, as LevelDB estimates'),
    afterBytes: count.describe('The same afterwards'),
    pieces: count.describe('Pieces of the key space that were compacted'),
    complete: z.boolean().describe('False: the database was closed before the end'),
  }),
);
