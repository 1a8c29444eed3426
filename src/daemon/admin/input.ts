import { z } from 'zod';
import type { InputCode } from '../schemas/index.ts';
import { AdminError } from './errors.ts';

/**
 * The value as its schema gives it. Throws `AdminError` with the code that the schema refuses it by, else
 * `code` with the reasons and the names that are known.
 */
export function readInput<T>(schema: z.ZodType<T>, value: unknown, code: InputCode): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  for (const issue of issues) {
    if (issue.code !== 'custom' || issue.params?.refusal === undefined) continue;
    throw new AdminError(issue.params.refusal, issue.message);
  }
  const reasons = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  const names = namesIn(schema);
  const known = names.length === 0 ? 'no parameters are taken here' : `known: ${names.join(', ')}`;
  throw new AdminError(code, `${reasons.join('; ')} (${known})`);
}

/** The names of the fields of an object, also where the object is then transformed. */
function namesIn(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodPipe ? namesIn(schema.in) : [];
}
