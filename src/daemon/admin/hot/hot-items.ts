import { Gate } from '../../../store/index.ts';
import type { BulkItems, Node } from '../../node-api.ts';
import type { AdminRequest, DirectCall, Front, HttpConnection } from '../connections/index.ts';
import { LONG_BYTES } from '../payload-memory.ts';
import { KEEP_ALIVE_MS } from '../servers.ts';
import { AnswerText } from './answer-text.ts';
import type { HotCallInit, HotCallParts } from './hot-call.ts';
import { HotGet } from './hot-get.ts';
import { HotPut } from './hot-put.ts';
import { plainGet, plainPut } from './plain.ts';
import { PutGroup } from './put-group.ts';

export interface HotInit
  extends Pick<
    HotCallParts,
    'clock' | 'underWay' | 'deadlines' | 'unreadMs' | 'failures' | 'answered'
  > {
  node: Pick<Node, 'put' | 'get'> & { readonly bulk: Pick<BulkItems, 'putMany'> };
  limits: { readonly maxItemBytes: number };
  closing: AbortSignal;
  /** Whether the caller is heard at once. */
  passes: (request: AdminRequest, access: 'read' | 'write') => boolean;
  /** See `AdminInit`. */
  asked?: (() => void) | undefined;
}

const PUT_ROUTE = '/v1/items';
const GET_ROUTE = '/v1/items/:id';
/** As Node adds to the time that it tells clients, so that none asks on a connection that is being closed. */
const GRACE_MS = 1_000;

/** Serves plain puts and gets of short items. */
export class HotItems implements Front {
  readonly #init: HotInit;
  readonly #maxBytes: number;
  readonly #puts: PutGroup;
  readonly #parts: HotCallParts;
  /** Of this turn. The bodies of most are there before it ends, and so need no deadline. */
  #newPuts: HotPut[] = [];
  #calls = 0;
  readonly #idle = new Gate();

  constructor(init: HotInit) {
    const { clock, limits } = init;
    this.#init = init;
    this.#maxBytes = Math.min(LONG_BYTES, limits.maxItemBytes);
    this.#puts = new PutGroup(init);
    this.#parts = {
      ...init,
      idleMs: KEEP_ALIVE_MS + GRACE_MS,
      texts: new AnswerText(clock, KEEP_ALIVE_MS),
      ended: () => this.#ended(),
    };
  }

  take(request: AdminRequest, keepAlive: boolean, connection: HttpConnection): DirectCall | null {
    const { closing, underWay } = this.#init;
    if (closing.aborted || underWay.full) return null;
    const call = { request, keepAlive, connection };
    if (request.method === 'POST') return this.#put(call);
    return request.method === 'GET' ? this.#get(call) : null;
  }

  /** Resolves once no call is under way. */
  idle(): Promise<void> {
    return this.#idle.until(() => this.#calls === 0);
  }

  #put(call: TakenCall): HotPut | null {
    const put = plainPut(call.request, this.#maxBytes);
    if (put === null || !this.#init.passes(call.request, 'write')) return null;
    this.#begun();
    const hotPut = new HotPut(this.#puts, put, this.#parts, { ...call, route: PUT_ROUTE });
    if (this.#newPuts.push(hotPut) === 1) this.#init.clock.after(0, this.#awaitBodies);
    return hotPut;
  }

  #get(call: TakenCall): HotGet | null {
    const id = plainGet(call.request);
    if (id === null || !this.#init.passes(call.request, 'read')) return null;
    this.#begun();
    const get = new HotGet(this.#parts, { ...call, route: GET_ROUTE });
    get.run(this.#init.node, id);
    return get;
  }

  readonly #awaitBodies = (): void => {
    const puts = this.#newPuts;
    this.#newPuts = [];
    for (const put of puts) put.awaitBody();
  };

  #begun(): void {
    this.#init.asked?.();
    this.#calls++;
  }

  #ended(): void {
    this.#calls--;
    if (this.#calls === 0) this.#idle.recheck();
  }
}

type TakenCall = Omit<HotCallInit, 'route'>;
