/** Verbs that show or change how a running daemon works, and verbs about its configuration. */

export { compact } from './compact.ts';
export { checkConfiguration, printSchema, showConfiguration } from './configuration.ts';
export { findPolicy } from './policy.ts';
export { confirmRetention, retention } from './retention.ts';
export { logLevel, pause, reload, resume } from './verbs.ts';
