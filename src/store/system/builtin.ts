import { StoreError } from '../errors.ts';

/** Undefined in browsers, in spite of its type. */
const node: typeof process | undefined = globalThis.process;

/** The modules of Node that the store uses. */
interface Builtins {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:zlib': typeof import('node:zlib');
}

/** A module of Node; undefined elsewhere. An import would stop bundlers that build for browsers. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  return node?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}

/** The files of this machine. Throws `NEEDS_NODE` in browsers; `remedy` says what to use there. */
export function nodeFiles(remedy: string): Builtins['node:fs/promises'] {
  const files = builtin('node:fs/promises');
  if (files !== undefined) return files;
  throw new StoreError('NEEDS_NODE', `there are no files outside Node: ${remedy}`);
}
