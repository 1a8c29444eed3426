import type { Screen } from './screen.ts';

/** A column of a table of `Row`. */
export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /**
   * Where digits stand.
   * @default left
   */
  readonly align?: 'left' | 'right';
  /**
   * The cell where the screen is too narrow for whole cells.
   * @default the whole cell
   */
  readonly short?: (row: Row) => string;
  /**
   * Whether the cell may be cut when short cells are too wide as well.
   * @default false
   */
  readonly cut?: boolean;
  /**
   * Least width, so that tables printed one after the other stand in line.
   * @default that of the title
   */
  readonly width?: number;
  /**
   * Colour of a cell.
   * @default none
   */
  readonly paint?: (row: Row, text: string, screen: Screen) => string;
}

interface TableOptions {
  /** @default true */
  readonly header?: boolean;
}

interface Laid<Row> {
  readonly column: TableColumn<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

const GAP = '  ';
/** A cut cell keeps so many characters. */
const LEAST = 8;

/** Rows below their titles. A screen with a width gets short cells, and cut ones, where it must. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  screen: Screen,
  { header = true }: TableOptions = {},
): string {
  const laid = layOut(rows, columns, screen);
  const title = ({ column, width }: Laid<Row>) =>
    screen.paint.strong(pad(column.title, width, column));
  const cell = ({ column, cells, width }: Laid<Row>, row: Row, index: number) => {
    const text = pad(fit(cells[index]!, width), width, column);
    return column.paint?.(row, text, screen) ?? text;
  };
  const lines = rows.map((row, index) => laid.map((each) => cell(each, row, index)).join(GAP));
  const head = header ? [laid.map(title).join(GAP)] : [];
  return [...head, ...lines].map((line) => line.trimEnd()).join('\n');
}

function layOut<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  { columns: room }: Screen,
): Laid<Row>[] {
  const whole = columns.map((column) => measure(column, rows.map(column.cell)));
  if (room === null || widthOf(whole) <= room) return whole;
  const short = columns.map((column) => measure(column, rows.map(column.short ?? column.cell)));
  return cutTo(room, short);
}

/** Takes the width that is too much from the widest column, again and again. */
function cutTo<Row>(room: number, laid: readonly Laid<Row>[]): Laid<Row>[] {
  const cut = [...laid];
  for (let excess = widthOf(laid) - room; excess > 0; excess--) {
    const [widest] = cut
      .filter(({ column, width }) => column.cut === true && width > LEAST)
      .sort((a, b) => b.width - a.width);
    if (widest === undefined) break;
    cut[cut.indexOf(widest)] = { ...widest, width: widest.width - 1 };
  }
  return cut;
}

function measure<Row>(column: TableColumn<Row>, cells: readonly string[]): Laid<Row> {
  const least = Math.max(column.title.length, column.width ?? 0);
  const width = cells.reduce((most, { length }) => Math.max(most, length), least);
  return { column, cells, width };
}

function widthOf(laid: readonly { readonly width: number }[]): number {
  return laid.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function pad<Row>(text: string, width: number, { align }: TableColumn<Row>): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** A peer id by its ends; the first characters of all of them are the same. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-7)}`;
}

/** Verbs take so much of an id in place of all of it. */
const ITEM_DIGITS = 16;

/** The beginning of an item's id. */
export function shortItemId(id: string): string {
  return id.slice(0, ITEM_DIGITS);
}
