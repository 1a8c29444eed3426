import { readFileSync } from 'node:fs';
import { bytesToHex, itemId } from '../../src/store/index.ts';
import { BareConnection, requestBytes } from '../http/connection.ts';
import { ItemSource } from '../support/items.ts';
import type { BenchNode } from '../support/node.ts';

/** Items that are read in turn. */
export const READ_ITEMS = 1_000;
const PER_SECOND = 50;
/** A late read overlaps the next ones. All are used in turn, since the node closes idle connections. */
const CONNECTIONS = 256;

/** Of the slowest hundredth, in milliseconds. */
export interface GetLatency {
  readonly p99Ms: number;
  /** Without the time in which the node or this process was ready and had no processor. */
  readonly ownP99Ms: number;
}

/** Reads of items over HTTP, each when it is due: no read waits for another. */
export class Gets {
  readonly #free: BareConnection[];
  readonly #requests: readonly Uint8Array[];
  readonly #pids: readonly number[];
  #took: { readonly ms: number; readonly ownMs: number }[] = [];
  #next = 0;

  private constructor(pid: number, connections: BareConnection[], requests: readonly Uint8Array[]) {
    this.#pids = [pid, process.pid];
    this.#free = connections;
    this.#requests = requests;
  }

  /** Puts the items that are read. */
  static async prepare({ client, daemon }: BenchNode): Promise<Gets> {
    const items = new ItemSource('random').next(READ_ITEMS);
    await Promise.all(items.map(({ hint, payload }) => client.put(payload, hint)));
    const requests = items.map(({ hint, payload }) =>
      requestBytes('GET', `/v1/items/${bytesToHex(itemId(hint, payload))}`, null),
    );
    const connections = Array.from({ length: CONNECTIONS }, () =>
      BareConnection.open(daemon.admin),
    );
    return new Gets(daemon.pid, await Promise.all(connections), requests);
  }

  /** Reads until the work ends. */
  async during(work: Promise<void>): Promise<GetLatency> {
    this.#took = [];
    const reads: Promise<void>[] = [];
    const begin = performance.now();
    let due = begin;
    const timer = setInterval(() => {
      for (const now = performance.now(); due <= now; due += 1_000 / PER_SECOND) {
        reads.push(this.#read(due));
      }
    }, 1);
    await work.finally(() => clearInterval(timer));
    await Promise.all(reads);
    const p99 = (values: number[]): number =>
      values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!;
    return {
      p99Ms: p99(this.#took.map(({ ms }) => ms)),
      ownP99Ms: p99(this.#took.map(({ ownMs }) => ownMs)),
    };
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }

  async #read(due: number): Promise<void> {
    const connection = this.#free.shift();
    if (connection === undefined)
      throw new Error(`${CONNECTIONS} reads wait: the node answers none`);
    const waited = this.#waitedMs();
    const status = await connection.send(this.#requests[this.#next++ % READ_ITEMS]!);
    if (status !== 200) throw new Error(`a read was answered with ${status}`);
    const ms = performance.now() - due;
    this.#took.push({ ms, ownMs: Math.max(0, ms - (this.#waitedMs() - waited)) });
    this.#free.push(connection);
  }

  /** Of the main threads. */
  #waitedMs(): number {
    const texts = this.#pids.map((pid) => readFileSync(`/proc/${pid}/schedstat`, 'utf8'));
    return texts.reduce((sum, text) => sum + Number(text.split(' ')[1]) / 1e6, 0);
  }
}
