import { stripVTControlCharacters } from 'node:util';
import type { Screen } from './screen.ts';

/** Further lines of a line stand so much deeper. */
const HANG = 2;

/** Prose that fits the screen: words go to the next line. Whole data where the screen has no width. */
export function wrap(
  text: string,
  { columns }: Pick<Screen, 'columns'>,
  hang: number = HANG,
): string {
  if (columns === null) return text;
  const wrapped = text.split('\n').flatMap((line) => wrapLine(line, columns, hang));
  return wrapped.join('\n');
}

/** A head, and beside it prose in a column of its own. */
export function besides(head: string, text: string, { columns }: Pick<Screen, 'columns'>): string {
  const room = columns === null ? null : Math.max(1, columns - widthOf(head));
  const margin = `\n${' '.repeat(widthOf(head))}`;
  return `${head}${wrap(text, { columns: room }, 0).replaceAll('\n', margin)}`;
}

function wrapLine(line: string, columns: number, hang: number): string[] {
  if (widthOf(line) <= columns) return [line];
  const indent = line.length - line.trimStart().length;
  const margin = ' '.repeat(Math.min(indent + hang, columns >> 1));
  const [first = '', ...words] = line.trimStart().split(' ');
  const lines: string[] = [];
  let last = line.slice(0, indent) + first;
  for (const word of words) {
    if (widthOf(last) + 1 + widthOf(word) <= columns) last += ` ${word}`;
    else {
      lines.push(...broken(last, columns, margin));
      last = margin + word;
    }
  }
  return [...lines, ...broken(last, columns, margin)].map((text) => text.trimEnd());
}

/** A word that is longer than a line, such as an address, goes on below it. */
function broken(line: string, columns: number, margin: string): string[] {
  if (widthOf(line) <= columns || widthOf(line) !== line.length) return [line];
  const slash = line.lastIndexOf('/', columns - 1);
  const at = slash > margin.length ? slash : columns;
  return [line.slice(0, at), ...broken(margin + line.slice(at), columns, margin)];
}

/** Colours take no room. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
