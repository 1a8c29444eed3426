/** Verbs that show or change how a running daemon works, and verbs about its configuration. */

export { compact } from './compact.ts';
export { checkConfiguration, printSchema, showConfiguration } from './configuration.ts';
export { logLevel, pause, reload, resume } from './verbs.ts';
