import type { Fetch, FetchReport } from '../../../protocol/index.ts';
import { bytesToHex, equalBytes, type VerifiedItem } from '../../../store/index.ts';
import type { ItemRefusal } from '../../guard/index.ts';
import type { SharedParts } from '../parts.ts';
import type { Pause } from '../pause.ts';
import type { Attempts } from './attempts.ts';
import { Intake, Window } from './intake.ts';
import type { LargeItemGate } from './large-item-gate.ts';
import { isLiar, type PeerPenalties } from './peer-penalties.ts';
import type { RefusedIds } from './refused-ids.ts';
import type { RunningRequest } from './sources.ts';
import type { RequestKind } from './throughput.ts';

export interface RequestRunnerInit extends Omit<SharedParts, 'clock'> {
  fetch: Pick<Fetch, 'fetch'>;
  pause: Pause;
  gate: LargeItemGate;
  penalties: PeerPenalties;
  refused: RefusedIds;
  guarded: RefusedIds;
  attempts: Attempts;
}

/** Runs a request: stores the items that come, and settles the claims of all ids at the end. */
export class RequestRunner {
  readonly #init: RequestRunnerInit;
  readonly #windows: Readonly<Record<RequestKind, Window>>;

  constructor(init: RequestRunnerInit) {
    this.#init = init;
    const { windowBytes } = init.options;
    this.#windows = { small: new Window(windowBytes), large: new Window(windowBytes) };
  }

  async run(request: RunningRequest): Promise<void> {
    const { replica, guard, fetch, options, wanted } = this.#init;
    const { pause, gate, penalties, logger, observer } = this.#init;
    const { source, ids, kind, signal } = request;
    const window = this.#windows[kind];
    const intake = new Intake({
      replica,
      guard,
      window,
      wanted,
      source: source.peer,
      observer: observer?.fetched,
    });
    const report = await fetch.fetch({
      peer: source.peer,
      ids,
      signal,
      ...(kind === 'small' && { maxBytes: options.maxSmallBytes }),
      onProgress: (bytes) => request.came(bytes),
      onWait: (paid) => request.holding(paid),
      onItems: (items) => this.#take(request, intake, items),
    });
    observer?.requestEnded(report, request.durationMs);
    const { items, absent, large, tooLarge } = report;
    const answered = items + absent.length + large.length + tooLarge.length;
    const { bytes, streamedMs } = request;
    source.throughput.note({ kind, answered, items, bytes, streamedMs });
    await intake.settle();
    if (kind === 'large') gate.largeEnded(ids);
    if (intake.error !== null) pause.refused(intake.error);
    else pause.ended(intake.stored);
    const allStored = intake.stored === ids.length;
    if (!allStored) {
      this.#init.attempts.ended(ids, report, (id) => wanted.has(id), intake.error);
    }
    // Abandoned meanwhile: its claims were given back then, and may be a newer request's by now.
    if (!source.requests.delete(request)) return;
    // Stored items have left the wanted ids, and their claims with them.
    for (const { id, refusal } of intake.refusals) this.#guarded(source.peer, id, refusal);
    const denied = allStored ? 0 : this.#settle(request, report);
    if (intake.error === null) penalties.ended(request, report, denied);
    else logger.warn({ peer: source.peer, ...intake.error }, 'fetched item not stored');
  }

  #take(request: RunningRequest, intake: Intake, items: readonly VerifiedItem[]): Promise<void> {
    const { wanted, gate, penalties, rates } = this.#init;
    rates.came(request.source.peer, items);
    for (const { id, payload } of items) {
      if (request.kind === 'large') gate.noteLarge(id);
      const said = wanted.said(id);
      if (said !== undefined && said.bytes !== payload.length) penalties.lied(said.peer, id);
    }
    return request.holding(intake.take(items));
  }

  /**
   * Gives the claims back; the id that spoiled the request goes last, so that it spoils no other.
   * Returns how many ids the peer does not have that it had listed itself.
   */
  #settle({ source, ids }: RunningRequest, report: FetchReport): number {
    const { wanted } = this.#init;
    const { peer } = source;
    const { large, tooLarge, endedAt, outcome } = report;
    const absent = isLiar(source)
      ? [...report.absent, ...large.map(({ id }) => id)]
      : report.absent;
    const denied = absent.filter((id) => wanted.lists(peer, id)).length;
    for (const id of absent) wanted.release(peer, id, { forget: true });
    // The claims of a liar for these are gone by now.
    for (const { id, length } of large) wanted.release(peer, id, { length });
    for (const id of tooLarge) this.#refuse(peer, id);
    for (const id of ids) {
      if (endedAt === null || !equalBytes(id, endedAt)) wanted.release(peer, id);
    }
    const wrong = outcome === 'invalid';
    if (endedAt !== null) wanted.release(peer, endedAt, { forget: wrong, keep: wrong });
    return denied;
  }

  /** An item that is not refused for good may be acceptable later, so a later session lists it again. */
  #guarded(peer: string, id: Uint8Array, { lasting }: ItemRefusal): void {
    const { wanted, guarded } = this.#init;
    wanted.release(peer, id, { forget: true });
    if (lasting !== false) guarded.add(peer, id);
    if (lasting === true || wanted.sources(id).length === 0) wanted.received(id);
  }

  /** The peer says that the item is too large. Other sources are asked first, if there are any. */
  #refuse(peer: string, id: Uint8Array): void {
    const { wanted, logger, refused, observer } = this.#init;
    wanted.release(peer, id, { forget: true });
    if (refused.add(peer, id)) observer?.fetched.refused('ITEM_TOO_LARGE');
    if (wanted.sources(id).length > 0) return;
    logger.warn({ peer, id: bytesToHex(id) }, 'item refused: above limits.maxItemBytes');
    wanted.received(id);
  }
}
