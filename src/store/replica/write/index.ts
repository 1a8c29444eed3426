/** Puts: admission under limits, one commit for many callers, and the answer to each. */

export { Puts } from './puts.ts';
export { SetWriter } from './set-writer.ts';
