import { EVERYTHING, type FetchReport, type SessionReport } from '../../src/protocol/index.ts';

/** The report of a session with `p` that found both sets equal, but for what is changed. */
export function sessionReport(change: Partial<SessionReport> = {}): SessionReport {
  const { startedAt = 5 } = change;
  return {
    peer: 'p',
    role: 'initiator',
    dialect: 'native',
    startedAt,
    asOf: startedAt,
    durationMs: 1,
    rounds: 1,
    bytesSent: 1,
    bytesReceived: 1,
    missing: 0,
    equal: true,
    equalExcept: 0,
    version: 1,
    finding: null,
    asked: null,
    interval: EVERYTHING,
    mode: 'reconcile',
    outlines: null,
    survey: [],
    efficiency: null,
    continueFrom: null,
    error: null,
    ...change,
  };
}

/** The report of a request to `p` that was answered and brought nothing, but for what is changed. */
export function fetchReport(change: Partial<FetchReport> = {}): FetchReport {
  return {
    peer: 'p',
    outcome: 'complete',
    items: 0,
    absent: [],
    large: [],
    tooLarge: [],
    payloadBytes: 0,
    endedAt: null,
    error: null,
    ...change,
  };
}
