import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outlinesOf } from './outline.ts';

const LITERAL = /(title(?:: | !== ))?'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g;
const EVENT = /\b(?:event: |die\(|LEFT_OUT = )'([a-z_-]+)'/g;
const INVARIANT = /'(?:session|commit|process)',\s+'([A-Z_]+)'/g;
const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;

/** Names of others, and names that no user sees. */
const NO_CODES: readonly RegExp[] = [
  // Methods of HTTP.
  /^(?:CONNECT|DELETE|GET|HEAD|PATCH|POST|PUT)$/,
  // Errors of the system, Node and its parsers.
  /^E[A-Z]+$|^(?:ERR|FST|HPE)_/,
  // Errors of OpenSSL; the command line has codes of its own for them.
  /^(?:CERT|UNABLE|DEPTH|SELF)_|^INVALID_(?:CA|PURPOSE)$/,
  // Errors and files of LevelDB.
  /^LEVEL_|^CURRENT$/,
  // Signals and variables of the environment.
  /^SIG[A-Z0-9]+$|^RANGEMESH_/,
  // Units and separators.
  /^[A-Z]$|^[KMGTP]B$/,
  // Ends of `TLS_*`.
  /^(?:NEEDED|MISSING|FAILED)$/,
  // A finding that `verify` counts and does not list.
  /^PASSED_OVER$/,
];
/** Its literals are names within WebAssembly. */
const KERNEL = 'src/store/kernel/';
/** Its one code is told before anything of `src` is loaded. */
const LAUNCHER = 'bin/rangemesh.js';

/** All codes in the sources: every literal in capitals that is no name of others. */
export function codesIn(root: string): Set<string> {
  const codes = sourcesOf(root).flatMap((text) =>
    [...text.matchAll(LITERAL)]
      .filter(([, title]) => title === undefined)
      .map(([, , code]) => code!),
  );
  return new Set(codes.filter((code) => !NO_CODES.some((pattern) => pattern.test(code))));
}

/** The events that log lines have. */
export function eventsIn(root: string): Set<string> {
  const found = sourcesOf(root).flatMap((text) => [...text.matchAll(EVENT)]);
  return new Set(found.map(([, event]) => event!));
}

/** The names of invariants, each as often as it stands there. */
export function invariantsIn(root: string): string[] {
  return sourcesOf(root).flatMap((text) => [...text.matchAll(INVARIANT)].map(([, name]) => name!));
}

/** The words of a union of literals, which begins with `start` in `file`. */
export function wordsOf(root: string, file: string, start: string): string[] {
  const [, union = ''] = readFileSync(join(root, file), 'utf8').split(start);
  const [own = ''] = union.replace(/\/\*\*.*?\*\//gs, '').split(';');
  return [...own.matchAll(/'([^']+)'/g)].map(([, word]) => word!);
}

function sourcesOf(root: string): string[] {
  const files = outlinesOf(root, 'src').map(({ file }) => file);
  return [LAUNCHER, ...files]
    .filter((file) => !file.startsWith(KERNEL))
    .map((file) => readFileSync(join(root, file), 'utf8').replace(COMMENT, ''));
}
