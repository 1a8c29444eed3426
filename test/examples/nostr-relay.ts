import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Filter, matchFilter, type NostrEvent, nip77, verifyEvent } from 'nostr-tools';
import { type WebSocket, WebSocketServer } from 'ws';
import { bytesToHex, equalBytes, hexToBytes } from '../../src/store/index.ts';

type WrappedBuffer = ReturnType<nip77.Negentropy['encodeBound']>;
type WrappedConstructor = new (bytes: Uint8Array) => WrappedBuffer;

const VERSION = 0x61;
const [SKIP, FINGERPRINT, LIST] = [0, 1, 2];

/**
 * The Negentropy of nostr-tools as a responder. It is made for initiators, and answers no list: this one answers
 * a list with its own, as the protocol has it.
 */
class RespondingNegentropy extends nip77.Negentropy {
  respond(query: string): string {
    const Wrapped = this.encodeBound(this._bound(0)).constructor as WrappedConstructor;
    this.lastTimestampIn = 0;
    this.lastTimestampOut = 0;
    const [input, output] = [new Wrapped(hexToBytes(query)), new Wrapped(Uint8Array.of(VERSION))];
    input.shift();
    for (let lower = 0; input.length > 0; ) {
      const bound = this.decodeBound(input);
      const mode = readVarint(input);
      const upper = this.storage.findLowerBound(lower, this.storage.size(), bound);
      if (mode === LIST) {
        input.shiftN(32 * readVarint(input));
        output.extend(this.encodeBound(bound));
        output.extend(this.#list(lower, upper));
      } else if (mode === FINGERPRINT && !this.#isEqual(input.shiftN(16), lower, upper)) {
        this.splitRange(lower, upper, bound, output);
      } else {
        output.extend(this.encodeBound(bound));
        output.extend(Uint8Array.of(SKIP!));
      }
      lower = upper;
    }
    return bytesToHex(output.unwrap());
  }

  #isEqual(theirs: Uint8Array, lower: number, upper: number): boolean {
    return equalBytes(theirs, this.storage.fingerprint(lower, upper));
  }

  #list(lower: number, upper: number): Uint8Array {
    const count = upper - lower;
    const ids: Uint8Array[] = [];
    this.storage.iterate(lower, upper, ({ id }) => ids.push(id) > 0);
    const varint = count < 128 ? [count] : [0x80 | (count >> 7), count & 0x7f];
    return Buffer.concat([Uint8Array.of(LIST!, ...varint), ...ids]);
  }
}

function readVarint(input: WrappedBuffer): number {
  let value = 0;
  for (;;) {
    const byte = input.shift();
    value = (value << 7) | (byte & 0x7f);
    if (byte < 0x80) return value;
  }
}

/** A relay whose reconciliations are those of nostr-tools. */
export class TestRelay {
  readonly events: Map<string, NostrEvent> = new Map();
  /** Ids of events that it refuses. */
  readonly blocked: Set<string> = new Set();
  /** The types of the messages that it got. */
  readonly heard: string[] = [];
  /** A reason with which it refuses to reconcile. */
  refusal: string | null = null;
  readonly #server: WebSocketServer;

  constructor() {
    this.#server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    this.#server.on('connection', (socket) => this.#serve(socket));
  }

  async url(): Promise<string> {
    if (this.#server.address() === null) await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #serve(socket: WebSocket): void {
    const sessions = new Map<string, RespondingNegentropy>();
    const send = (...message: unknown[]) => socket.send(JSON.stringify(message));
    socket.on('message', (data) => {
      const [type, about, first, second] = JSON.parse(String(data));
      this.heard.push(type);
      if (type === 'NEG-OPEN' && this.refusal !== null) send('NEG-ERR', about, this.refusal);
      else if (type === 'NEG-OPEN') {
        sessions.set(about, this.#open(first));
        send('NEG-MSG', about, sessions.get(about)!.respond(second));
      } else if (type === 'NEG-MSG') send('NEG-MSG', about, sessions.get(about)!.respond(first));
      else if (type === 'NEG-CLOSE') sessions.delete(about);
      else if (type === 'EVENT') send('OK', about.id, ...this.#take(about));
      else if (type === 'REQ') {
        for (const event of this.#matching(first)) send('EVENT', about, event);
        send('EOSE', about);
      }
    });
  }

  #open(filter: Filter): RespondingNegentropy {
    const storage = new nip77.NegentropyStorageVector();
    for (const { created_at, id } of this.#matching(filter)) storage.insert(created_at, id);
    storage.seal();
    return new RespondingNegentropy(storage);
  }

  #matching(filter: Filter): NostrEvent[] {
    return [...this.events.values()].filter((event) => matchFilter(filter, event));
  }

  #take(event: NostrEvent): [boolean, string] {
    if (this.blocked.has(event.id)) return [false, 'blocked: not here'];
    if (!verifyEvent(event)) return [false, 'invalid: bad event'];
    this.events.set(event.id, event);
    return [true, ''];
  }
}
