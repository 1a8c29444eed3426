import { z } from 'zod';
import { hexToBytes, INFINITE_HINT, type ItemKey } from '../../store/index.ts';
import { refuse } from './define.ts';

/** A hint in a query, up to `max`. */
export function hintIn(name: string, max: bigint): z.ZodType<bigint, string> {
  return z
    .string()
    .transform((text, context) => {
      if (/^\d{1,20}$/.test(text) && BigInt(text) <= max) return BigInt(text);
      const given = JSON.stringify(text).slice(0, 60);
      const message = `${name} must be a decimal number from 0 to ${max}, not ${given}`;
      return refuse(context, 'INVALID_HINT', message);
    })
    .meta({ pattern: '^\\d{1,20}$', description: `A decimal number from 0 to ${max}` });
}

/** A place in the order, which clients carry from one answer to the next. */
export const cursor: z.ZodType<ItemKey, string> = z
  .string()
  .transform((text, context) => {
    const [, hint, id] = /^(\d{1,20})\.([0-9a-f]{64})$/.exec(text) ?? [];
    if (hint === undefined || id === undefined || BigInt(hint) >= INFINITE_HINT) {
      return refuse(context, 'INVALID_CURSOR', 'give the cursor of the last answer unchanged');
    }
    return { hint: BigInt(hint), id: hexToBytes(id) };
  })
  .meta({ description: 'The cursor of the last answer' });

/** A number in a query from 1 to `max`. */
export function limitIn(max: number, name = 'limit'): z.ZodType<number, string> {
  return z
    .string()
    .transform((text, context) => {
      const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
      if (limit >= 1 && limit <= max) return limit;
      return refuse(context, 'INVALID_QUERY', `${name} must be a number from 1 to ${max}`);
    })
    .meta({ pattern: '^\\d{1,6}$', description: `A number from 1 to ${max}` });
}

/** A time in a query, such as 30s, up to `maxSeconds`: in milliseconds. */
export function waitIn(maxSeconds: number): z.ZodType<number, string> {
  return z
    .string()
    .transform((text, context) => {
      const seconds = /^(\d{1,2})s?$/.exec(text)?.[1];
      if (seconds !== undefined && Number(seconds) <= maxSeconds) return Number(seconds) * 1_000;
      const message = `wait must be a time from 0s to ${maxSeconds}s, such as 30s`;
      return refuse(context, 'INVALID_QUERY', message);
    })
    .meta({ pattern: '^\\d{1,2}s?$', description: `A time from 0s to ${maxSeconds}s` });
}
