import { z } from 'zod';
import { EXPORT_FORMAT, type StreamNotice } from './records.ts';

const count = z.number().int().nonnegative();
const hint = z.string().regex(/^\d{1,20}$/);
const notice: z.ZodType<StreamNotice> = z.union([
  z.object({
    header: z.object({ format: z.literal(EXPORT_FORMAT), from: hint, to: hint, items: count }),
  }),
  z.object({
    trailer: z.object({
      items: count,
      bytes: count,
      fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  z.object({ missing: z.string().regex(/^[0-9a-f]{64}$/) }),
]);

/** Null if it is no notice. */
export function toNotice(value: unknown): StreamNotice | null {
  const parsed = notice.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** Null if it is no JSON, or no notice. */
export function parseNotice(text: string): StreamNotice | null {
  try {
    return toNotice(JSON.parse(text));
  } catch {
    return null;
  }
}
