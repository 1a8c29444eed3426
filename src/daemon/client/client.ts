import type { CompactResult } from '../../store/index.ts';
import type { ConfigurationAnswer, PauseState, ReloadAnswer } from '../control-api.ts';
import type {
  DiffAnswer,
  PeerDetails,
  SessionsAnswer,
  SyncedAnswer,
  WantsAnswer,
} from '../explain-api.ts';
import { ITEMS_TYPE } from '../item-records/index.ts';
import type { PeerStatus, Status, SyncAnswer } from '../node-api.ts';
import type {
  BatchLine,
  ChangesLine,
  CompactLine,
  EventLine,
  HaveAnswer,
  ItemLine,
  ItemPage,
  ItemWhy,
  LeavingAnswer,
  LeavingBody,
  LogLevelAnswer,
  OpenApiDocument,
  PauseBody,
  PeerList,
  ProbeAnswer,
  ProofAnswer,
  PutAnswer,
  VerifyLine,
} from '../schemas/index.ts';
import { type BatchItem, encodeBatch } from './batch.ts';
import {
  type ChangesInit,
  type FeedEntry,
  type FeedReset,
  type ListChangesInit,
  readChanges,
} from './changes.ts';
import { ClientError } from './errors.ts';
import type {
  DiffBody,
  ExportItemsInit,
  FetchedItem,
  GetSyncedInit,
  ListItemsInit,
  ListWantsInit,
  PutItemInit,
  WatchEventsInit,
} from './inits.ts';
import { type AdminClientInit, type CallInit, type Request, send } from './request.ts';
import { chunksOf, lines, parseJson } from './streams.ts';

/** A result names at most 100 problems. */
const VERIFY_LINE_BYTES = 1024 * 1024;
const NDJSON = { accept: 'application/x-ndjson' };

/** An event names one id, or the keys of the configuration. */
const EVENT_LINE_BYTES = 64 * 1024;

/**
 * The admin endpoint of one daemon; a method for each operation of its OpenAPI document, with the same name.
 * Methods reject with `ClientError` for a refusal, and with the error of `fetch` where nothing answers.
 */
export class AdminClient {
  readonly #init: AdminClientInit;

  constructor(init: AdminClientInit) {
    this.#init = init;
  }

  getLive(init?: CallInit): Promise<ProbeAnswer> {
    return this.json({ method: 'GET', path: '/livez', ...init });
  }

  getReady(init?: CallInit): Promise<ProbeAnswer> {
    return this.json({ method: 'GET', path: '/readyz', ...init });
  }

  getOpenApi(init?: CallInit): Promise<OpenApiDocument> {
    return this.json({ method: 'GET', path: '/openapi.json', ...init });
  }

  /** In the text format of Prometheus. */
  async getMetrics(init?: CallInit): Promise<string> {
    const answer = await send(this.#init, { method: 'GET', path: '/metrics', ...init });
    return new TextDecoder().decode(await answer.arrayBuffer());
  }

  /** `challenge`: 64 hexadecimal digits, drawn anew each time. */
  getIdentity(challenge: string, init?: CallInit): Promise<ProofAnswer> {
    return this.json({ method: 'GET', path: `/identity/${inPath(challenge)}`, ...init });
  }

  getStatus(init?: CallInit): Promise<Status> {
    return this.json({ method: 'GET', path: '/status', ...init });
  }

  listPeers(init?: CallInit): Promise<PeerList> {
    return this.json({ method: 'GET', path: '/peers', ...init });
  }

  addPeer(body: { readonly address: string }, init?: CallInit): Promise<PeerStatus> {
    return this.json({ method: 'POST', path: '/peers', body, ...init });
  }

  removePeer(body: LeavingBody, init?: CallInit): Promise<LeavingAnswer> {
    return this.json({ method: 'DELETE', path: '/peers', body, ...init });
  }

  /** Without a peer: with all that are connected. */
  sync(body: { readonly peerId?: string | undefined } = {}, init?: CallInit): Promise<SyncAnswer> {
    return this.json({ method: 'POST', path: '/sync', body, ...init });
  }

  getSynced({ maxLagSeconds, waitSeconds = 0, signal }: GetSyncedInit = {}): Promise<SyncedAnswer> {
    const query = { maxLagSeconds, wait: `${waitSeconds}s` };
    return this.json({ method: 'GET', path: '/synced', query, signal });
  }

  diff(body: DiffBody, init?: CallInit): Promise<DiffAnswer> {
    return this.json({ method: 'POST', path: '/diff', body, ...init });
  }

  listSessions(init?: CallInit): Promise<SessionsAnswer> {
    return this.json({ method: 'GET', path: '/sessions', ...init });
  }

  listWants({ signal, ...query }: ListWantsInit = {}): Promise<WantsAnswer> {
    return this.json({ method: 'GET', path: '/wants', query, signal });
  }

  getPeer(peerId: string, init?: CallInit): Promise<PeerDetails> {
    return this.json({ method: 'GET', path: `/peers/${inPath(peerId)}`, ...init });
  }

  forgetPeer(peerId: string, init?: CallInit): Promise<LeavingAnswer> {
    return this.json({ method: 'DELETE', path: `/peers/${inPath(peerId)}`, ...init });
  }

  /** Events as they happen, until the daemon ends; leaving the loop ends the call. */
  watchEvents({ types = [], after, signal }: WatchEventsInit = {}): AsyncGenerator<EventLine> {
    const query = { type: types.length === 0 ? undefined : types.join(',') };
    const headers = after === undefined ? {} : { 'last-event-id': after };
    return this.lines({ method: 'GET', path: '/events', query, headers, signal }, EVENT_LINE_BYTES);
  }

  getConfiguration(init?: CallInit): Promise<ConfigurationAnswer> {
    return this.json({ method: 'GET', path: '/config', ...init });
  }

  /** Rejects, and changes nothing, at any mistake in the configuration. */
  reload(init?: CallInit): Promise<ReloadAnswer> {
    return this.json({ method: 'POST', path: '/config/reload', ...init });
  }

  setLogLevel(body: LogLevelAnswer, init?: CallInit): Promise<LogLevelAnswer> {
    return this.json({ method: 'POST', path: '/config/log-level', body, ...init });
  }

  /** Without a peer: with all. */
  pause(body: PauseBody = {}, init?: CallInit): Promise<PauseState> {
    return this.json({ method: 'POST', path: '/pause', body, ...init });
  }

  /** Without a peer: ends all pauses. */
  resume(
    body: { readonly peerId?: string | undefined } = {},
    init?: CallInit,
  ): Promise<PauseState> {
    return this.json({ method: 'POST', path: '/resume', body, ...init });
  }

  /** A large database takes long. */
  compact(init?: CallInit): Promise<CompactResult> {
    return this.json({ method: 'POST', path: '/compact', ...init });
  }

  /** Likewise, with progress; at last the result or an error. Leaving the loop does not end it. */
  compactLines(init?: CallInit): AsyncGenerator<CompactLine> {
    return this.lines({ method: 'POST', path: '/compact', headers: NDJSON, ...init });
  }

  listItems({ signal, ...query }: ListItemsInit = {}): Promise<ItemPage> {
    return this.json({ method: 'GET', path: '/items', query: { ...query }, signal });
  }

  putItem(payload: Uint8Array, { hint, signal }: PutItemInit = {}): Promise<PutAnswer> {
    return this.json({ method: 'POST', path: '/items', query: { hint }, body: payload, signal });
  }

  /** `id`: all 64 hexadecimal digits, or the first 8 or more. */
  async getItem(id: string, init?: CallInit): Promise<FetchedItem> {
    const answer = await send(this.#init, { method: 'GET', path: `/items/${inPath(id)}`, ...init });
    const { headers } = answer;
    return {
      id: (headers.get('etag') ?? '').replaceAll('"', ''),
      hint: headers.get('rangemesh-hint') ?? '',
      payload: new Uint8Array(await answer.arrayBuffer()),
    };
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
    return this.#toTrailer<BatchLine>({
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
    return this.#toTrailer<ItemLine>({
      method: 'POST',
      path: '/items/get',
      body: { ids },
      ...init,
    });
  }

  /** A header, all items of the range, and the trailer. Throws `ANSWER_CUT` where that is missing. */
  exportItems({ signal, ...query }: ExportItemsInit = {}): AsyncGenerator<ItemLine> {
    return this.#toTrailer<ItemLine>({
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
   * again, with pauses that grow to ten seconds; the first call must succeed. A new epoch is a `reset`, and all
   * items follow. Ends when the signal aborts.
   */
  changes(init: ChangesInit): AsyncGenerator<FeedEntry | FeedReset> {
    return readChanges((part) => this.listChanges(part), init);
  }

  /** Progress, and at last the result or an error; leaving the loop ends the verification. */
  verify(init?: CallInit): AsyncGenerator<VerifyLine> {
    return this.lines({ method: 'POST', path: '/verify', ...init }, VERIFY_LINE_BYTES);
  }

  /** Any call whose answer is JSON, also of a later version. */
  async json<T>(request: Request): Promise<T> {
    const answer = await send(this.#init, request);
    return parseJson(new TextDecoder().decode(await answer.arrayBuffer()));
  }

  /** Any call whose answer is bytes, as they come. */
  async *bytes(request: Request): AsyncGenerator<Uint8Array> {
    const { body } = await send(this.#init, request);
    if (body !== null) yield* chunksOf(body);
  }

  async *#toTrailer<T extends object>(request: Request): AsyncGenerator<T> {
    let isWhole = false;
    for await (const line of this.lines<T>(request)) {
      isWhole = 'trailer' in line || ('error' in line && !('line' in line));
      yield line;
    }
    if (isWhole) return;
    const message = 'the answer was cut before its trailer: call again';
    throw new ClientError(200, 'ANSWER_CUT', message);
  }

  /** Any call whose answer is NDJSON, with the longest line taken. */
  async *lines<T>(request: Request, maxLineBytes?: number): AsyncGenerator<T> {
    const { body } = await send(this.#init, request);
    if (body !== null) yield* lines<T>(body, maxLineBytes);
  }
}

function inPath(text: string): string {
  return encodeURIComponent(text);
}
