import { z } from 'zod';
import { refuse } from './define.ts';
import { limitIn } from './hints.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** A page of a list that is ordered by ids. */
export interface IdPageQuery {
  readonly limit: number;
  /** The last id of the page before; null: the first page. */
  readonly after: string | null;
}

const cursor = z
  .string()
  .transform((text, context) => {
    if (/^[0-9a-f]{64}$/.test(text)) return text;
    return refuse(context, 'INVALID_CURSOR', 'give the cursor of the last answer unchanged');
  })
  .meta({ description: 'The cursor of the last answer' });

export const idPageQuery: z.ZodType<IdPageQuery> = z
  .strictObject({ limit: limitIn(MAX_LIMIT).optional(), cursor: cursor.optional() })
  .transform(({ limit = DEFAULT_LIMIT, cursor: after = null }) => ({ limit, after }));
