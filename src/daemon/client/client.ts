import type { CompactResult } from '../../store/index.ts';
import type {
  ConfigurationAnswer,
  PauseState,
  ReloadAnswer,
  RetentionStatus,
} from '../control-api.ts';
import type {
  DiffAnswer,
  PeerDetails,
  SessionsAnswer,
  SyncedAnswer,
  WantsAnswer,
} from '../explain-api.ts';
import type { PeerStatus, Status, SyncAnswer } from '../node-api.ts';
import type {
  CompactLine,
  EventLine,
  LeavingAnswer,
  LeavingBody,
  LogLevelAnswer,
  OpenApiDocument,
  PauseBody,
  PeerList,
  ProbeAnswer,
  ProofAnswer,
  VerifyLine,
} from '../schemas/index.ts';
import { inPath } from './any-calls.ts';
import type { DiffBody, GetSyncedInit, ListWantsInit, WatchEventsInit } from './inits.ts';
import { ItemCalls } from './item-calls.ts';
import type { CallInit } from './request.ts';

/** A result names at most 100 problems. */
const VERIFY_LINE_BYTES = 1024 * 1024;
const NDJSON = { accept: 'application/x-ndjson' };

/** An event names one id, or the keys of the configuration. */
const EVENT_LINE_BYTES = 64 * 1024;

/**
 * The admin endpoint of one daemon; a method for each operation of its OpenAPI document, with the same name.
 * Methods reject with `ClientError`: for a refusal with its code, with `ADMIN_UNREACHABLE` where nothing answers.
 */
export class AdminClient extends ItemCalls {
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
  getMetrics(init?: CallInit): Promise<string> {
    return this.text({ method: 'GET', path: '/metrics', ...init });
  }

  /** The status page, in HTML. */
  getPage(init?: CallInit): Promise<string> {
    return this.text({ method: 'GET', path: '/', ...init });
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

  getSynced({ waitSeconds = 0, signal, ...asked }: GetSyncedInit = {}): Promise<SyncedAnswer> {
    const { maxLagSeconds, provedSince } = asked;
    const since = provedSince ?? undefined;
    const query = { maxLagSeconds, provedSince: since, wait: `${waitSeconds}s` };
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

  pardonPeer(peerId: string, init?: CallInit): Promise<PeerStatus> {
    return this.json({ method: 'POST', path: `/peers/${inPath(peerId)}/pardon`, ...init });
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

  /** Says that the clock of the daemon's machine is right. */
  confirmRetention(init?: CallInit): Promise<RetentionStatus> {
    return this.json({ method: 'POST', path: '/retention/confirm', ...init });
  }

  /** A large database takes long. */
  compact(init?: CallInit): Promise<CompactResult> {
    return this.json({ method: 'POST', path: '/compact', ...init });
  }

  /** Likewise, with progress; at last the result or an error. Leaving the loop does not end it. */
  compactLines(init?: CallInit): AsyncGenerator<CompactLine> {
    return this.lines({ method: 'POST', path: '/compact', headers: NDJSON, ...init });
  }

  /** Progress, and at last the result or an error; leaving the loop ends the verification. */
  verify(init?: CallInit): AsyncGenerator<VerifyLine> {
    return this.lines({ method: 'POST', path: '/verify', ...init }, VERIFY_LINE_BYTES);
  }
}
