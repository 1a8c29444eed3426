/** The declarations of all verbs: their arguments, options and help. */

export { createProgram } from './program.ts';
