import type { AdminClient } from 'rangemesh/client';
import { type WebSocket, WebSocketServer } from 'ws';
import type { EventIndex } from './event-index.ts';
import { eventOf, isSound, itemOf } from './events.ts';
import type { RelayMessage } from './relay-connection.ts';
import { ServedSessions } from './served-sessions.ts';

const MAX_CONNECTIONS = 64;
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Ids of one request. */
const MAX_IDS = 500;
/** A subscription id, as Nostr bounds it. */
const MAX_ID_LENGTH = 64;
const TRY_AGAIN_LATER = 1013;

/** The node behind a served relay. */
export interface ServeInit {
  readonly daemon: AdminClient;
  readonly index: EventIndex;
  readonly port: number;
}

/** Serves the events of the node as a relay of its own. Resolves once it listens. */
export async function serveRelay({ daemon, index, port }: ServeInit): Promise<WebSocketServer> {
  const host = '127.0.0.1';
  const server = new WebSocketServer({ host, port, maxPayload: MAX_MESSAGE_BYTES });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    if (server.clients.size > MAX_CONNECTIONS) socket.close(TRY_AGAIN_LATER, 'too many clients');
    else new Client(socket, daemon, index);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return server;
}

/** One connection. Its messages are answered one after the other. */
class Client {
  readonly #socket: WebSocket;
  readonly #daemon: AdminClient;
  readonly #index: EventIndex;
  readonly #sessions: ServedSessions;
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(socket: WebSocket, daemon: AdminClient, index: EventIndex) {
    this.#socket = socket;
    this.#daemon = daemon;
    this.#index = index;
    this.#sessions = new ServedSessions(index, (message) => this.#send(message));
    socket.on('message', (data) => this.#enqueue(String(data)));
    socket.on('close', () => this.#sessions.closeAll());
  }

  /** The socket is not read while messages wait. */
  #enqueue(text: string): void {
    this.#waiting++;
    this.#socket.pause();
    this.#work = this.#work
      .then(() => this.#hear(JSON.parse(text)))
      .catch((error: Error) => this.#send(['NOTICE', `error: ${error.message}`]))
      .finally(() => {
        if (--this.#waiting === 0) this.#socket.resume();
      });
  }

  async #hear([type, about, ...rest]: RelayMessage): Promise<void> {
    if (type === 'EVENT') return this.#take(about);
    const id = String(about).slice(0, MAX_ID_LENGTH);
    if (type === 'NEG-OPEN') await this.#sessions.open(id, rest[0], rest[1]);
    else if (type === 'NEG-MSG') this.#sessions.answer(id, rest[0]);
    else if (type === 'NEG-CLOSE') this.#sessions.close(id);
    else if (type === 'REQ') await this.#give(id, rest[0]);
    else if (type !== 'CLOSE') this.#send(['NOTICE', `unsupported: ${String(type).slice(0, 20)}`]);
  }

  async #take(event: unknown): Promise<void> {
    const id = String((event as { id?: unknown } | null)?.id);
    if (!isSound(event)) return this.#send(['OK', id, false, 'invalid: id or signature is wrong']);
    const { hint, payload } = itemOf(event);
    const refusal = await this.#daemon.putItem(payload, { hint }).then(
      () => '',
      (error: Error) => `error: ${error.message}`,
    );
    this.#send(['OK', id, refusal === '', refusal]);
  }

  /** Answers a request by event ids. */
  async #give(id: string, filter: unknown): Promise<void> {
    const { ids } = Object(filter) as { ids?: unknown };
    if (!Array.isArray(ids) || ids.length > MAX_IDS) {
      const reason = `unsupported: ask for events by their ids, at most ${MAX_IDS} at a time`;
      return this.#send(['CLOSED', id, reason]);
    }
    await this.#index.catchUp();
    const items = ids.map((each) => this.#index.itemIdOf(each)).filter((one) => one !== undefined);
    for await (const line of this.#daemon.getItems(items)) {
      const event = 'payload' in line && eventOf(Buffer.from(line.payload, 'base64'));
      if (event) this.#send(['EVENT', id, event]);
    }
    this.#send(['EOSE', id]);
  }

  #send(message: RelayMessage): void {
    this.#socket.send(JSON.stringify(message), () => undefined);
  }
}
