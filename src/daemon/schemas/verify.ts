import { z } from 'zod';
import type { VerifyProgress, VerifyResult } from '../../store/index.ts';
import type { RefusalReason } from '../node-api.ts';
import { count, errorAnswer } from './common.ts';
import { schemaOf } from './define.ts';

/** One line of the answer; the last is a result or an error. */
export type VerifyLine =
  | { readonly progress: VerifyProgress }
  | { readonly result: VerifyResult }
  | { readonly error: RefusalReason };

const progress = schemaOf<VerifyProgress>()(
  z.strictObject({
    phase: z.enum(['tables', 'log', 'tree', 'items', 'ids', 'arrivals']),
    done: count,
    of: count.describe('Expected items'),
  }),
);

const result = schemaOf<VerifyResult>()(
  z.strictObject({
    ok: z.boolean(),
    items: count,
    bytes: count.describe('Of payloads'),
    pending: count.describe('Items below the floor that are still to be removed'),
    quarantined: count,
    problemCount: count,
    problems: z.array(
      z.strictObject({
        code: z.enum([
          ...(['SCHEMA', 'STATE', 'LOG', 'INDEX', 'ITEM_DAMAGED', 'ITEM_MISSING'] as const),
          ...(['NOT_INDEXED', 'ID_RECORD', 'TOTALS', 'COMMITS_LOST', 'STRAY_RECORD'] as const),
          ...(['ARRIVALS', 'UNREADABLE'] as const),
        ]),
        key: z.string().describe('Of the record, in hexadecimal digits'),
        message: z.string(),
      }),
    ),
  }),
);

export const verifyLine: z.ZodType<VerifyLine> = schemaOf<VerifyLine>('VerifyLine')(
  z.union([
    z.strictObject({ progress }),
    z.strictObject({ result }),
    z.strictObject({ error: errorAnswer }),
  ]),
);
