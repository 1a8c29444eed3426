import { Agent, request } from 'node:http';
import type { PeerStatus, Status, SyncResult } from '../../src/daemon/index.ts';

export interface PutAnswer {
  readonly id: string;
  readonly hint: string;
  readonly created: boolean;
}

export interface AdminClientInit {
  url: string;
  token?: string;
  /**
   * Ends every call when it aborts.
   * @default none
   */
  signal?: AbortSignal;
}

/** Speaks to one daemon's admin endpoint over kept-alive connections. */
export class AdminClient {
  readonly url: string;
  readonly #token: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor({ url, token, signal }: AdminClientInit) {
    this.url = url;
    this.#token = token;
    this.#signal = signal;
  }

  status(): Promise<Status> {
    return this.#json('GET', '/v1/status');
  }

  addPeer(address: string): Promise<PeerStatus> {
    return this.#json('POST', '/v1/peers', JSON.stringify({ address }));
  }

  sync(): Promise<{ sessions: SyncResult[] }> {
    return this.#json('POST', '/v1/sync', '{}');
  }

  put(payload: Uint8Array, hint?: bigint): Promise<PutAnswer> {
    const query = hint === undefined ? '' : `?hint=${hint}`;
    return this.#json('POST', `/v1/items${query}`, payload);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(method: string, path: string, body?: string | Uint8Array): Promise<T> {
    const { status, text } = await this.send(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return JSON.parse(text);
  }

  /** The bare exchange: whatever status comes back. */
  send(
    method: string,
    path: string,
    body?: string | Uint8Array,
  ): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = {};
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    if (body !== undefined) {
      headers['content-type'] =
        typeof body === 'string' ? 'application/json' : 'application/octet-stream';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, this.url), {
        method,
        headers,
        agent: this.#agent,
        ...(this.#signal && { signal: this.#signal }),
      });
      call.on('error', reject).on('response', (response) => {
        const parts: Buffer[] = [];
        response
          .on('data', (part) => parts.push(part))
          .on('error', reject)
          .on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
          );
      });
      call.end(body);
    });
  }
}
