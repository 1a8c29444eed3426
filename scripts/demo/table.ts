import { clearScreenDown, moveCursor } from 'node:readline';
import type { Status } from '../../src/daemon/index.ts';

/** Draws one row a node, over the last drawing where `out` is a terminal. */
export class LiveTable {
  readonly #out: NodeJS.WriteStream;
  #drawnLines = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  draw(names: readonly string[], statuses: readonly Status[]): void {
    if (!this.#out.isTTY) return;
    const rows = statuses.map((status, node) => row(names[node] ?? '', status));
    const lines = ['node  items      bytes  wanted  fingerprint       peers in sync', ...rows];
    moveCursor(this.#out, 0, -this.#drawnLines);
    clearScreenDown(this.#out);
    this.#out.write(`${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }
}

function row(name: string, { set, wanted, peers }: Status): string {
  const connected = peers.filter((peer) => peer.connected);
  const inSync = connected.filter((peer) => peer.inSync);
  return [
    name.padEnd(4),
    String(set.items).padStart(6),
    megabytes(set.bytes).padStart(10),
    String(wanted).padStart(7),
    ` ${shortened(set)}`,
    ` ${inSync.length} of ${connected.length}`,
  ].join(' ');
}

/** The first digits of the fingerprint. */
export function shortened({ fingerprint }: Status['set']): string {
  return fingerprint?.slice(0, 16) ?? 'not known yet   ';
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
