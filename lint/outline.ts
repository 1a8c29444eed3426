import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the lint of rooms needs to know of one file. Paths are from the root, with `/`. */
export interface SourceOutline {
  readonly file: string;
  /** Files it imports or exports from by a relative path, types included. */
  readonly imports: readonly string[];
  /** Names of the types, interfaces and classes that it defines at its top. */
  readonly types: readonly string[];
}

/** Formatted sources have each of these at the start of a line, or behind the brace that ends a list. */
const SPECIFIER = /^(?:import|export|\})[^'"\n]*?from '(\.[^']*)';?$/gm;
const BARE = /^import '(\.[^']*)';$/gm;
const DYNAMIC = /\bimport\('(\.[^']*)'\)/g;
const TYPE =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type) ([A-Za-z_$][\w$]*)/gm;

/** The outlines of all TypeScript files below `folder`, those with JSX included. */
export function outlinesOf(root: string, folder: string): SourceOutline[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`)
    .sort()
    .map((file) => outlineOf(file, readFileSync(join(root, file), 'utf8')));
}

export function outlineOf(file: string, text: string): SourceOutline {
  const specifiers = [SPECIFIER, BARE, DYNAMIC].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, specifier]) => specifier!),
  );
  return {
    file,
    imports: [...new Set(specifiers.map((specifier) => join(dirname(file), specifier)))],
    types: [...text.matchAll(TYPE)].map(([, name]) => name!),
  };
}
