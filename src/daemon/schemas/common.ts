import { z } from 'zod';
import type { RefusalReason } from '../node-api.ts';
import { schemaOf } from './define.ts';

/** Numbers of items, bytes and the like. */
export const count: z.ZodNumber = z.int().min(0);

export const hex64: z.ZodString = z.string().regex(/^[0-9a-f]{64}$/);

/** As text, since JSON numbers are not exact beyond 2^53. */
export const hintText: z.ZodString = z
  .string()
  .regex(/^\d{1,20}$/)
  .describe('Place in the order: a decimal number below 2^64-1');

export const instant: z.ZodString = z
  .string()
  .regex(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .describe('ISO 8601, in UTC');

/** Of every call that is refused. */
export const errorAnswer: z.ZodType<RefusalReason> = schemaOf<RefusalReason>('Error')(
  z.strictObject({
    code: z.string().describe('Stable; x-codes of the operation lists those that it can have'),
    message: z.string().describe('A sentence that says what to do'),
  }),
);

/** Of the field `publisher` beside the peer that an item came from. */
export const PUBLISHER = 'The node that announced it, if push brought it; null: unknown';
