import { clearScreenDown, moveCursor } from 'node:readline';
import type { Status } from '../../src/daemon/index.ts';

/** The terminal, or the file or pipe, that the demo writes to. */
export interface Screen extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const COLUMNS = ['node', ' items', '     bytes', ' wanted', 'fingerprint     ', 'peers in sync'];
const LEGEND = [
  'wanted: items that a node knows to be missing; fingerprint: of all items of',
  'a node, equal when the items are; peers in sync: connected nodes that are',
  'known to hold the same items',
];

/** Lines, and below them on a terminal a table with a row for each node, which stays at the end. */
export class LiveTable {
  readonly #out: Screen;
  /** The lines of the table on the screen. */
  #shown: readonly string[] = [];

  constructor(out: Screen) {
    this.#out = out;
  }

  /** Writes a line above the table. */
  say(text: string): void {
    const table = this.#shown;
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#show(table);
  }

  draw(names: readonly string[], statuses: readonly Status[]): void {
    if (this.#out.isTTY !== true) return;
    const rows = statuses.map((status, node) => row(names[node] ?? '', status));
    this.#erase();
    this.#show([...LEGEND, COLUMNS.join('  '), ...rows]);
  }

  /** Leaves the table where it is: lines come below it from now on. */
  finish(): void {
    this.#shown = [];
  }

  #erase(): void {
    if (this.#shown.length === 0) return;
    moveCursor(this.#out, 0, -this.#shown.length);
    clearScreenDown(this.#out);
    this.#shown = [];
  }

  #show(lines: readonly string[]): void {
    // A line that the terminal breaks would take two, and the next table would begin too low.
    const fitting = lines.map((line) => line.slice(0, (this.#out.columns ?? 80) - 1));
    if (fitting.length > 0) this.#out.write(`${fitting.join('\n')}\n`);
    this.#shown = fitting;
  }
}

function row(name: string, { set, wanted, peers }: Status): string {
  const connected = peers.filter((peer) => peer.connected);
  const inSync = connected.filter((peer) => peer.inSync);
  const cells = [name, String(set.items), megabytes(set.bytes), String(wanted), shortened(set)];
  const padded = cells.map((cell, i) => {
    const width = COLUMNS[i]!.length;
    return i === 0 || i === 4 ? cell.padEnd(width) : cell.padStart(width);
  });
  return [...padded, `${inSync.length} of ${connected.length}`].join('  ');
}

/** The first digits of the fingerprint. */
export function shortened({ fingerprint }: Status['set']): string {
  return fingerprint?.slice(0, 16) ?? 'not known yet';
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
