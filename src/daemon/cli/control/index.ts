/** Verbs that show or change how a running daemon works, and verbs about its configuration. */

export { checkConfiguration, printSchema, showConfiguration } from './configuration.ts';
export { compact, logLevel, pause, reload, resume } from './verbs.ts';
