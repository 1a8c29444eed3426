import { readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Node, SourceFile } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { type Edit, editsAt } from './mutators.ts';

/** One small mistake in one place of the product's source. */
export interface Mutant extends Edit {
  /** Path from the root of the project. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The whole line, without its indent: a list of mutants is kept by it, since line numbers move. */
  readonly at: string;
  /** The text that is replaced, and its replacement, with white space folded. */
  readonly from: string;
  readonly to: string;
}

/** All mutants of the TypeScript files below `paths`, in the order of their places. */
export function findMutants(root: string, paths: readonly string[]): Mutant[] {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] });
    const program = snapshot.getProjects()[0]!.program;
    return sourcesBelow(root, paths).flatMap((file) => {
      const source = program.getSourceFile(join(root, file));
      return source === undefined ? [] : mutantsOf(file, source);
    });
  } finally {
    api.close();
  }
}

/** The product's TypeScript files below `paths`, generated ones left out. */
export function sourcesBelow(root: string, paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    const at = resolve(root, path);
    if (!statSync(at).isDirectory()) return [relative(root, at)];
    return readdirSync(at, { recursive: true, encoding: 'utf8' }).map((name) =>
      relative(root, join(at, name)),
    );
  });
  const sources = found.filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts'));
  return [...new Set(sources)].sort();
}

function mutantsOf(file: string, source: SourceFile): Mutant[] {
  const mutants: Mutant[] = [];
  const text = source.text;
  const visit = (node: Node): void => {
    for (const edit of editsAt(node, source)) mutants.push(placed(file, text, edit));
    node.forEachChild(visit);
  };
  visit(source);
  return mutants;
}

function placed(file: string, text: string, edit: Edit): Mutant {
  const before = text.slice(0, edit.start);
  const lineStart = before.lastIndexOf('\n') + 1;
  const lineEnd = text.indexOf('\n', edit.start);
  return {
    ...edit,
    file,
    line: before.split('\n').length,
    at: text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).trim(),
    from: folded(text.slice(edit.start, edit.end)),
    to: folded(edit.text),
  };
}

function folded(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
