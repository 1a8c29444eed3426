import type { PutResult } from '../../../store/index.ts';
import { plainPayload } from '../bodies.ts';
import type { BodyTaker } from '../connections/index.ts';
import { JSON_TYPE } from '../servers.ts';
import { idText } from '../streaming.ts';
import { HotCall } from './hot-call.ts';
import type { PlainPut } from './plain.ts';
import type { ClientPut, PutGroup } from './put-group.ts';

/** Shared: an array for each put costs as much as its promise. */
const NONE = new Uint8Array();

/** A put of a payload, which is stored once all of it is here. */
export class HotPut extends HotCall implements BodyTaker, ClientPut {
  readonly hint: bigint | undefined;
  payload: Uint8Array = NONE;
  readonly #group: PutGroup;
  #missing: number;
  /** All but the last. */
  #chunks: Uint8Array[] | null = null;

  constructor(
    group: PutGroup,
    { hint, bytes }: PlainPut,
    ...call: ConstructorParameters<typeof HotCall>
  ) {
    super(...call);
    this.#group = group;
    this.hint = hint;
    this.#missing = bytes;
    this.request.giveBody(this);
  }

  chunk(bytes: Uint8Array): void {
    this.#missing -= bytes.length;
    if (this.#missing > 0) {
      this.#chunks ??= [];
      this.#chunks.push(bytes);
      return;
    }
    this.parts.deadlines.complete(this.request);
    const body = this.#chunks === null ? bytes : Buffer.concat([...this.#chunks, bytes]);
    this.#chunks = null;
    this.payload = plainPayload(body);
    this.#group.add(this);
  }

  /** The turn of its head is over. */
  awaitBody(): void {
    if (this.#missing > 0 && !this.over) this.parts.deadlines.add(this.request);
  }

  stored({ id, hint, created }: PutResult): void {
    const name = idText(id);
    this.answer({
      status: created ? 201 : 200,
      head: `location: /v1/items/${name}\r\ncontent-type: ${JSON_TYPE}\r\n`,
      body: `{"id":"${name}","hint":"${hint}","created":${created}}`,
    });
  }

  failed(error: unknown): void {
    this.pass(error);
  }
}
