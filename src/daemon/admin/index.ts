/**
 * The HTTP endpoint for operators and their programs, on loopback by default. A call is a method of `Node`,
 * its schemas in the room `schemas`, an operation in `routes/`, and the status of its errors in `errors.ts`.
 */

export { type Admin, type AdminInit, createAdmin } from './admin.ts';
export type { MetricsSource } from './operation.ts';
export type { AdminObserver } from './options.ts';
