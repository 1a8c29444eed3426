import {
  type DrivePort,
  type DriveResult,
  drive,
  nativeDialect,
  type Role,
} from 'rangemesh/protocol';
import { bytesToHex, type SortedVector } from 'rangemesh/store';
import { WebSocket, WebSocketServer } from 'ws';

/** Sessions at the same time; more connections are closed with 1013, "try again later". */
const MAX_SESSIONS = 32;
/** Longest message that is taken. Frames of the native dialect end at 64 KiB. */
const MAX_MESSAGE_BYTES = 128 * 1024;
/** Named ids of each kind at most. */
const MAX_NAMED = 10_000;
/** A session ends after this time, whatever the other side does. */
const SESSION_MS = 60_000;
const TRY_AGAIN_LATER = 1013;

const native = nativeDialect();

/** Reconciles the set, as it is now, with the other side. */
async function reconcile(set: SortedVector, role: Role, port: DrivePort): Promise<DriveResult> {
  const snapshot = set.snapshot();
  try {
    const session = native.session({ role, snapshot, tell: MAX_NAMED });
    return await drive(session, port, { signal: AbortSignal.timeout(SESSION_MS) });
  } finally {
    snapshot.release();
  }
}

/** Serves sessions with the set, as it is when each begins. Resolves once it listens. */
export async function serve(
  set: SortedVector,
  port: number,
  log: (line: string) => void,
): Promise<WebSocketServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port, maxPayload: MAX_MESSAGE_BYTES });
  let sessions = 0;
  server.on('connection', (socket) => {
    // A failed connection also ends its session, which tells the reason.
    socket.on('error', () => undefined);
    if (sessions === MAX_SESSIONS) return socket.close(TRY_AGAIN_LATER, 'too many sessions');
    sessions++;
    reconcile(set, 'responder', socket)
      .then(
        ({ finding }) =>
          log(`a session found ${finding?.mine} more here, ${finding?.theirs} there`),
        (error: Error) => log(`a session failed: ${error.message}`),
      )
      .finally(() => sessions--);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return server;
}

/** The difference between two sets. */
export interface Difference {
  /** Hexadecimal ids that are here alone. */
  readonly have: readonly string[];
  /** Hexadecimal ids that are there alone. */
  readonly lack: readonly string[];
}

/** Compares the set with the set behind the address. */
export async function compare(set: SortedVector, url: string): Promise<Difference> {
  const result = await reconcile(set, 'initiator', new WebSocket(url));
  return { have: result.have.map(bytesToHex), lack: result.missing.map(bytesToHex) };
}
