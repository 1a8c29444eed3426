/**
 * The HTTP endpoint for operators and their programs, on loopback by default. A call is a method of
 * `Node`, a reader in `query.ts`, a route in `mesh.ts` or `items.ts`, and the status of its errors in
 * `errors.ts`.
 */

export { type Admin, type AdminInit, createAdmin } from './admin.ts';
export type { VerifyLine } from './verify.ts';
