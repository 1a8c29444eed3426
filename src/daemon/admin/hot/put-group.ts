import type { Clock, PutResult } from '../../../store/index.ts';
import type { BulkItems, NewOwnItem, Node } from '../../node-api.ts';

/** An item that a client puts, and who hears of the outcome. */
export interface ClientPut extends NewOwnItem {
  stored(result: PutResult): void;
  failed(error: unknown): void;
}

interface PutGroupInit {
  node: Pick<Node, 'put'> & { readonly bulk: Pick<BulkItems, 'putMany'> };
  clock: Clock;
}

/** The puts that come in one turn of the event loop. They share a call: it costs as much as several items. */
export class PutGroup {
  readonly #init: PutGroupInit;
  #puts: ClientPut[] = [];

  constructor(init: PutGroupInit) {
    this.#init = init;
  }

  add(put: ClientPut): void {
    if (this.#puts.push(put) === 1) this.#init.clock.after(0, this.#store);
  }

  readonly #store = (): void => {
    const puts = this.#puts;
    this.#puts = [];
    if (puts.length === 1) this.#storeEach(puts);
    else {
      this.#init.node.bulk.putMany(puts).then(
        (results) => tell(puts, results),
        // An item may fail for all: alone, each gets an answer of its own.
        () => this.#storeEach(puts),
      );
    }
  };

  #storeEach(puts: readonly ClientPut[]): void {
    for (const put of puts) {
      this.#init.node.put(put.payload, put.hint).then(
        (result) => put.stored(result),
        (error) => put.failed(error),
      );
    }
  }
}

function tell(
  puts: readonly ClientPut[],
  results: Awaited<ReturnType<BulkItems['putMany']>>,
): void {
  for (let i = 0; i < puts.length; i++) {
    const result = results[i]!;
    if (result instanceof Error) puts[i]!.failed(result);
    else puts[i]!.stored(result);
  }
}
