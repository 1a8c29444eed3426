import { z } from 'zod';

/** Schemas that have a name of their own in the document, so that generated clients get a type for each. */
export const NAMED: z.core.$ZodRegistry<{ id: string }> = z.registry();

type Frozen<T> = T extends object ? { readonly [Field in keyof T]: Frozen<T[Field]> } : T;

/**
 * Takes a schema only if it and the type `T` accept the same values, so that neither can change alone.
 * With `id` the document names the schema.
 */
export function schemaOf<T>(
  id?: string,
): <S extends z.ZodType<T>>(
  schema: S & ([T] extends [Frozen<z.output<S>>] ? unknown : never),
) => z.ZodType<T> {
  return (schema) => {
    if (id !== undefined) NAMED.add(schema, { id });
    return schema;
  };
}

/** The codes by which a value in a request can be refused; others get that of their part of the request. */
export type InputCode =
  | 'INVALID_QUERY'
  | 'INVALID_BODY'
  | 'INVALID_HINT'
  | 'INVALID_ID'
  | 'INVALID_CURSOR';

/** Refuses a value with a code and a whole sentence. */
export function refuse(context: z.RefinementCtx, code: InputCode, message: string): never {
  context.addIssue({ code: 'custom', message, params: { refusal: code } });
  return z.NEVER;
}
