import type { RefusedAdded } from '../../store/index.ts';
import type { LetInAnswer, RefusedPage } from '../control-api.ts';
import { ITEMS_TYPE } from '../item-records/index.ts';
import type {
  BatchLine,
  ChangesLine,
  HaveAnswer,
  ItemLine,
  ItemPage,
  ItemWhy,
  LetInBody,
  PutAnswer,
  RefusedBody,
} from '../schemas/index.ts';
import { AnyCalls, inPath } from './any-calls.ts';
import { type BatchItem, encodeBatch } from './batch.ts';
import {
  type ChangesInit,
  type FeedEntry,
  type FeedReset,
  type ListChangesInit,
  readChanges,
} from './changes.ts';
import type {
  ExportItemsInit,
  FetchedItem,
  ListItemsInit,
  ListRefusedInit,
  PutItemInit,
} from './inits.ts';
import { bytesOf, type CallInit } from './request.ts';

/** The calls about items. */
export class ItemCalls extends AnyCalls {
  listItems({ signal, ...query }: ListItemsInit = {}): Promise<ItemPage> {
    return this.json({ method: 'GET', path: '/items', query: { ...query }, signal });
  }

  putItem(payload: Uint8Array, { hint, signal }: PutItemInit = {}): Promise<PutAnswer> {
    return this.json({ method: 'POST', path: '/items', query: { hint }, body: payload, signal });
  }

  /** `id`: all 64 hexadecimal digits, or the first 8 or more. */
  async getItem(id: string, init?: CallInit): Promise<FetchedItem> {
    const answer = await this.answer({ method: 'GET', path: `/items/${inPath(id)}`, ...init });
    const { headers } = answer;
    return {
      id: (headers.get('etag') ?? '').replaceAll('"', ''),
      hint: headers.get('rangemesh-hint') ?? '',
      payload: await bytesOf(answer),
    };
  }

  /** Keeps up to 800 items out, and drops those that are held. */
  refuse(body: RefusedBody, init?: CallInit): Promise<RefusedAdded> {
    return this.json({ method: 'POST', path: '/refused', body, ...init });
  }

  /** Lets up to 800 items in again. */
  unrefuse(body: LetInBody, init?: CallInit): Promise<LetInAnswer> {
    return this.json({ method: 'DELETE', path: '/refused', body, ...init });
  }

  listRefused({ signal, ...query }: ListRefusedInit = {}): Promise<RefusedPage> {
    return this.json({ method: 'GET', path: '/refused', query, signal });
  }

  whyItem(id: string, init?: CallInit): Promise<ItemWhy> {
    return this.json({ method: 'GET', path: `/items/${inPath(id)}/why`, ...init });
  }

  /**
   * Stores many items, held in memory until they are sent: some MiB at a time are best. A line for each item in
   * order, then the trailer. Throws `ANSWER_CUT` where that is missing.
   */
  putItems(items: readonly BatchItem[], init?: CallInit): AsyncGenerator<BatchLine> {
    const body = encodeBatch(items);
    const headers = { 'content-type': ITEMS_TYPE };
    return this.toTrailer<BatchLine>({
      method: 'POST',
      path: '/items/batch',
      headers,
      body,
      ...init,
    });
  }

  /** Whether each of up to 65,536 ids is held. */
  haveItems(ids: readonly string[], init?: CallInit): Promise<HaveAnswer> {
    return this.json({ method: 'POST', path: '/items/have', body: { ids }, ...init });
  }

  /** Up to 65,536 items by their ids; those that are not held are told as missing. */
  getItems(ids: readonly string[], init?: CallInit): AsyncGenerator<ItemLine> {
    return this.toTrailer<ItemLine>({
      method: 'POST',
      path: '/items/get',
      body: { ids },
      ...init,
    });
  }

  /** A header, all items of the range, and the trailer. Throws `ANSWER_CUT` where that is missing. */
  exportItems({ signal, ...query }: ExportItemsInit = {}): AsyncGenerator<ItemLine> {
    return this.toTrailer<ItemLine>({
      method: 'GET',
      path: '/export',
      query: { ...query },
      signal,
    });
  }

  /** One call: a header, entries, and a trailer or an error; without the trailer the answer is cut. */
  listChanges({ waitSeconds, signal, ...rest }: ListChangesInit = {}): AsyncGenerator<ChangesLine> {
    const wait = waitSeconds === undefined ? undefined : `${waitSeconds}s`;
    const query = { ...rest, payloads: rest.payloads === true ? 'true' : undefined, wait };
    return this.lines({ method: 'GET', path: '/changes', query, signal });
  }

  /**
   * The items in their order of arrival, each once, then those that come. A connection that breaks is made
   * again, with pauses that grow to ten seconds. The first call must succeed: else `ADMIN_UNREACHABLE`, or the code of
   * the refusal. A new epoch is a `reset`, and all
   * items follow. Ends when the signal aborts.
   */
  changes(init: ChangesInit): AsyncGenerator<FeedEntry | FeedReset> {
    return readChanges((part) => this.listChanges(part), init);
  }
}
