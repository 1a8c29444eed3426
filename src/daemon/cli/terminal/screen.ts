import { styleText } from 'node:util';
import type { CliInit, Terminal } from '../init.ts';

/** Colours for people. Each function returns the text itself where colours are not wanted. */
export interface Paint {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  strong(text: string): string;
}

/** How text for people is laid out. */
export interface Screen {
  readonly paint: Paint;
  /** Width to fit into; null: whole data is wanted, however wide. */
  readonly columns: number | null;
}

const same = (text: string) => text;

/** For streams that are no terminal. */
export const PLAIN: Screen = {
  paint: { good: same, warn: same, bad: same, strong: same },
  columns: null,
};

const COLOURED: Paint = {
  good: (text) => style('green', text),
  warn: (text) => style('yellow', text),
  bad: (text) => style('red', text),
  strong: (text) => style('bold', text),
};

const DEFAULT_COLUMNS = 80;

/** The layout for a stream. Colours are for terminals alone, and off with NO_COLOR (no-color.org). */
export function screenOf(
  stream: Terminal,
  { env }: Pick<CliInit, 'env'>,
  { wide = false }: { readonly wide?: boolean } = {},
): Screen {
  if (stream.isTTY !== true) return PLAIN;
  const isPlain = Boolean(env.NO_COLOR) || env.TERM === 'dumb';
  return {
    paint: isPlain ? PLAIN.paint : COLOURED,
    columns: wide ? null : stream.columns || DEFAULT_COLUMNS,
  };
}

/** `screenOf` has decided already, and FORCE_COLOR must not colour a pipe. */
function style(format: 'green' | 'yellow' | 'red' | 'bold', text: string): string {
  return styleText(format, text, { validateStream: false });
}
