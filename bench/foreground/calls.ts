import { readFileSync } from 'node:fs';
import { bytesToHex, itemId, type NewItem } from '../../src/store/index.ts';
import { BareConnection, requestBytes } from '../http/connection.ts';
import { ItemSource } from '../support/items.ts';
import type { BenchNode } from '../support/node.ts';

/** Items that are read in turn. */
export const READ_ITEMS = 1_000;
const PER_SECOND = 50;
/** Of so many calls the last is a put. */
const PUT_EVERY = 10;
/** A late call overlaps the next ones. All are used in turn, since the node closes idle connections. */
const CONNECTIONS = 256;

/** Of the slowest hundredth, in milliseconds. */
export interface CallLatency {
  readonly p99Ms: number;
  /** Without the time in which the node or this process was ready and had no processor. */
  readonly ownP99Ms: number;
  /** Of the processor, that the main thread of the node used during a call. */
  readonly usedP99Ms: number;
}

/** Of both kinds of calls. */
export interface CallLatencies {
  readonly get: CallLatency;
  readonly put: CallLatency;
}

interface TimedCall {
  readonly kind: keyof CallLatencies;
  readonly ms: number;
  readonly ownMs: number;
  readonly usedMs: number;
}

/** Reads and puts of items over HTTP, each when it is due: no call waits for another. */
export class Calls {
  readonly #admin: string;
  #free: BareConnection[] = [];
  readonly #reads: readonly Uint8Array[];
  readonly #source: ItemSource;
  readonly #token: string;
  readonly #pids: readonly number[];
  #took: TimedCall[] = [];
  #next = 0;
  /** Items put during all measurements. */
  puts = 0;

  private constructor(init: {
    pid: number;
    admin: string;
    token: string;
    reads: readonly Uint8Array[];
    source: ItemSource;
  }) {
    this.#pids = [init.pid, process.pid];
    this.#token = init.token;
    this.#admin = init.admin;
    this.#reads = init.reads;
    this.#source = init.source;
  }

  /** Puts the items that are read. */
  static async prepare({ client, daemon }: BenchNode): Promise<Calls> {
    const source = new ItemSource('random');
    const items = source.next(READ_ITEMS);
    await Promise.all(items.map(({ hint, payload }) => client.put(payload, hint)));
    const reads = items.map(({ hint, payload }) =>
      requestBytes('GET', `/v1/items/${bytesToHex(itemId(hint, payload))}`, null),
    );
    const { pid, admin } = daemon;
    return new Calls({ pid, admin, token: await daemon.token(), reads, source });
  }

  /** Calls until the work ends. */
  async during(work: Promise<void>): Promise<CallLatencies> {
    this.#took = [];
    await this.#connect();
    const calls: Promise<void>[] = [];
    const begin = performance.now();
    let due = begin;
    const timer = setInterval(() => {
      for (const now = performance.now(); due <= now; due += 1_000 / PER_SECOND) {
        calls.push(this.#call(due));
      }
    }, 1);
    await work.finally(() => clearInterval(timer));
    await Promise.all(calls);
    const p99 = (values: number[]): number =>
      values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!;
    const of = (wanted: TimedCall['kind']): CallLatency => {
      const took = this.#took.filter(({ kind }) => kind === wanted);
      return {
        p99Ms: p99(took.map(({ ms }) => ms)),
        ownP99Ms: p99(took.map(({ ownMs }) => ownMs)),
        usedP99Ms: p99(took.map(({ usedMs }) => usedMs)),
      };
    };
    return { get: of('get'), put: of('put') };
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }

  /** Anew each time, since the node closes those that were idle meanwhile. */
  async #connect(): Promise<void> {
    this.close();
    this.#free = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => BareConnection.open(this.#admin)),
    );
  }

  async #call(due: number): Promise<void> {
    const connection = this.#free.shift();
    if (connection === undefined)
      throw new Error(`${CONNECTIONS} calls wait: the node answers none`);
    const kind = ++this.#next % PUT_EVERY === 0 ? 'put' : 'get';
    const request = kind === 'put' ? this.#put() : this.#reads[this.#next % READ_ITEMS]!;
    const before = this.#threads();
    const status = await connection.send(request);
    if (status !== (kind === 'put' ? 201 : 200)) throw new Error(`a ${kind} got ${status}`);
    const ms = performance.now() - due;
    const after = this.#threads();
    const ownMs = Math.max(0, ms - (after.waitedMs - before.waitedMs));
    this.#took.push({ kind, ms, ownMs, usedMs: after.usedMs - before.usedMs });
    this.#free.push(connection);
  }

  #put(): Uint8Array {
    this.puts++;
    const [{ hint, payload }] = this.#source.next(1) as [NewItem];
    return requestBytes('POST', `/v1/items?hint=${hint}`, this.#token, payload);
  }

  /** For how long the main threads waited for the processor, and the node used it. */
  #threads(): { readonly waitedMs: number; readonly usedMs: number } {
    const [node, own] = this.#pids.map((pid) => {
      const [used, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
      return { usedMs: used! / 1e6, waitedMs: waited! / 1e6 };
    });
    return { usedMs: node!.usedMs, waitedMs: node!.waitedMs + own!.waitedMs };
  }
}
