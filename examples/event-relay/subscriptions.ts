import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AdminClient, ClientError } from 'rangemesh/client';
import { systemClock } from 'rangemesh/store';

/** A node answers 64 readers of its feed at a time. */
const MAX_SUBSCRIBERS = 60;
const PING_MS = 15_000;

/** Streams the events of a node to subscribers, from their place on. */
export class Subscriptions {
  readonly #daemon: AdminClient;
  readonly #stop = new AbortController();
  #subscribers = 0;

  constructor(daemon: AdminClient) {
    this.#daemon = daemon;
  }

  /** Answers until the subscriber goes: first the events behind its place, then those that come. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const place = placeOf(request);
    if (place === undefined) return refuse(response, 400, 'Last-Event-ID is EPOCH-SEQ, as given');
    if (this.#subscribers === MAX_SUBSCRIBERS) return refuse(response, 503, 'too many subscribers');
    this.#subscribers++;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const ping = setInterval(() => response.write(': ping\n\n'), PING_MS);
    try {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.flushHeaders();
      await this.#stream(response, place, AbortSignal.any([gone.signal, this.#stop.signal]));
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      // The head is sent: the subscriber connects again, from its last event on.
    } finally {
      clearInterval(ping);
      this.#subscribers--;
      response.end();
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  async #stream(response: ServerResponse, place: FeedPlace, signal: AbortSignal): Promise<void> {
    const { after } = systemClock;
    for await (const line of this.#daemon.changes({ ...place, payloads: true, after, signal })) {
      // After a new epoch all events follow once more: subscribers know them by their ids.
      if ('reset' in line || typeof line.payload !== 'string') continue;
      const { seq, epoch, id, hint } = line;
      const text = Buffer.from(line.payload, 'base64').toString();
      const event = `id: ${epoch}-${seq}\ndata: ${JSON.stringify({ id, hint, text })}\n\n`;
      if (!response.write(event)) await once(response, 'drain', { signal }).catch(() => undefined);
    }
  }
}

interface FeedPlace {
  readonly since?: number;
  readonly epoch?: string;
}

/** Undefined for a header that is no place. Without the header: the beginning. */
function placeOf(request: IncomingMessage): FeedPlace | undefined {
  const given = request.headers['last-event-id'];
  if (given === undefined) return {};
  const [, epoch, seq] = /^([0-9a-f]{16})-(\d{1,15})$/.exec(String(given)) ?? [];
  return epoch === undefined ? undefined : { epoch, since: Number(seq) };
}

export function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${message}\n`);
}
