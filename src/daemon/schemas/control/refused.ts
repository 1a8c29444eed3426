import { z } from 'zod';
import type { RefusedAdded } from '../../../store/index.ts';
import type { LetInAnswer, RefusedPage, ShownRefusal } from '../../control-api.ts';
import { count, hex64, hintText, instant } from '../common.ts';
import { refuse, schemaOf } from '../define.ts';

/** Most ids in one call: a body of JSON has at most 64 KiB. */
const MAX_IDS = 800;
/** As the record on disk takes it. */
const MAX_REASON_BYTES = 256;

const ids = z
  .array(
    z
      .string()
      .transform((text, context) => {
        if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
        return refuse(context, 'INVALID_ID', 'an id has 64 hexadecimal digits');
      })
      .meta({ pattern: '^[0-9a-fA-F]{64}$' }),
  )
  .min(1)
  .max(MAX_IDS);

const encoder = new TextEncoder();

const reason = z
  .string()
  .superRefine((text, context) => {
    if (encoder.encode(text).length <= MAX_REASON_BYTES) return;
    refuse(context, 'INVALID_BODY', `reason: at most ${MAX_REASON_BYTES} bytes of UTF-8`);
  })
  .describe('For operators, at most 256 bytes of UTF-8');

/** Items to keep out. */
export interface RefusedBody {
  readonly ids: readonly string[];
  /** @default '' */
  readonly reason?: string | undefined;
}

export const refusedBody: z.ZodType<RefusedBody> = z.strictObject({
  ids,
  reason: reason.optional(),
});

/** Items to let in again. */
export interface LetInBody {
  readonly ids: readonly string[];
}

export const letInBody: z.ZodType<LetInBody> = z.strictObject({ ids });

export const refusedAdded: z.ZodType<RefusedAdded> = schemaOf<RefusedAdded>('RefusedAdded')(
  z.strictObject({
    added: count.describe('Ids that were not refused before'),
    dropped: count.describe('Held items that have left the set'),
  }),
);

export const letInAnswer: z.ZodType<LetInAnswer> = schemaOf<LetInAnswer>('LetIn')(
  z.strictObject({ removed: count.describe('Ids that were refused') }),
);

/** Facts of a refusal, also in the answer that says why an item is not here. */
export const refusalFields: {
  readonly [Field in Exclude<keyof ShownRefusal, 'id'>]: z.ZodType<ShownRefusal[Field]>;
} = {
  at: instant.describe('When it was refused'),
  by: z.enum(['operator', 'policy']),
  hint: hintText.nullable().describe('Null: not known'),
  reason: z.string(),
};

export const refusedPage: z.ZodType<RefusedPage> = schemaOf<RefusedPage>('RefusedPage')(
  z.strictObject({
    counts: z.strictObject({ operator: count, policy: count }).describe('Refused ids'),
    items: z.array(z.strictObject({ id: hex64, ...refusalFields })),
    cursor: z.string().nullable().describe('For the next page; null on the last page'),
  }),
);
