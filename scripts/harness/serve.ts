import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Session, wholeStep } from '../../src/protocol/index.ts';
import { negentropyDialect } from '../../src/protocol/reconcile/dialects/negentropy/index.ts';
import { MIN_FRAME_BYTES } from '../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import type { Snapshot } from '../../src/store/index.ts';
import { type HarnessStorage, openStorage } from './storage.ts';

export interface HarnessInit {
  input: Readable;
  print(text: string): void;
  /** STORAGE and FRAMESIZELIMIT. */
  env: Readonly<Record<string, string | undefined>>;
}

/** The commands, and how many fields each takes. */
const FIELDS: ReadonlyMap<string, number> = new Map([
  ['item', 2],
  ['seal', 0],
  ['initiate', 0],
  ['msg', 1],
]);

const ANY = Number.POSITIVE_INFINITY;
const dialect = negentropyDialect('reference');

class Harness {
  readonly #storage: HarnessStorage;
  readonly #frameSizeLimit: number;
  #snapshot: Snapshot | undefined;
  #initiator: Session | undefined;

  constructor(storage: HarnessStorage, frameSizeLimit: number) {
    this.#storage = storage;
    this.#frameSizeLimit = frameSizeLimit;
  }

  async line(line: string): Promise<string[]> {
    const [command = '', ...fields] = line.split(',');
    const expected = FIELDS.get(command);
    if (expected === undefined) {
      throw new Error(`unknown command ${quoted(command)}: give item, seal, initiate or msg`);
    }
    if (fields.length !== expected) {
      throw new Error(`${command} takes ${expected} fields, not ${fields.length}`);
    }
    if (command === 'initiate') return this.#initiate();
    if (command === 'msg') return this.#message(fromHex(fields[0]!));
    if (this.#snapshot !== undefined) throw new Error('the set is sealed: start another harness');
    if (command === 'seal') this.#snapshot = await this.#storage.seal();
    else await this.#storage.insert(toHint(fields[0]!), fromHex(fields[1]!));
    return [];
  }

  #initiate(): string[] {
    this.#initiator = this.#open('initiator');
    return this.#initiator.start().frames.map(this.#output);
  }

  #message(message: Uint8Array): string[] {
    if (this.#initiator === undefined) {
      const responder = this.#open('responder');
      responder.start();
      return wholeStep(responder, responder.receive(message)).frames.map(this.#output);
    }
    const initiator = this.#initiator;
    const { have, missing, frames, done } = wholeStep(initiator, initiator.receive(message));
    return [
      ...have!.map((id) => `have,${toHex(id)}`),
      ...missing.map((id) => `need,${toHex(id)}`),
      ...(done ? ['done'] : frames.map(this.#output)),
    ];
  }

  /** The reference's responder remembers nothing: each message gets a session of its own. */
  #open(role: Session['role']): Session {
    if (this.#snapshot === undefined)
      throw new Error('the set is still being filled: seal it first');
    return dialect.session({
      role,
      snapshot: this.#snapshot,
      limits: {
        maxMessageBytes: this.#frameSizeLimit,
        maxInboundBytes: ANY,
        maxRounds: ANY,
        maxVisitedItems: ANY,
        maxMissing: ANY,
      },
    });
  }

  readonly #output = (frame: Uint8Array): string => {
    const limit = this.#frameSizeLimit;
    if (limit === 0 || frame.length <= limit) return `msg,${toHex(frame)}`;
    throw new Error(`a message of ${frame.length} bytes exceeds the limit of ${limit}`);
  };
}

function toHint(digits: string): bigint {
  if (/^\d+$/.test(digits)) return BigInt(digits);
  throw new Error(`a timestamp is a whole number in decimal digits, not ${quoted(digits)}`);
}

/** Node's own, for messages of megabytes. */
function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function fromHex(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  if (2 * bytes.length === hex.length) return bytes;
  throw new Error(`not hex: ${quoted(hex)}`);
}

/** What a message shows of a field, which may be of any length. */
function quoted(field: string): string {
  return JSON.stringify(field.slice(0, 80));
}

function frameSizeLimitOf(value: string): number {
  const limit = Number(value);
  if (/^\d*$/.test(value) && (limit === 0 || limit >= MIN_FRAME_BYTES)) return limit;
  throw new Error(
    `FRAMESIZELIMIT is a number of bytes, ${MIN_FRAME_BYTES} or more, 0 or empty for none, not ${quoted(value)}`,
  );
}

/** Answers the lines of `input`, each by what it prints, until they end or one is wrong. */
export async function serve({ input, print, env }: HarnessInit): Promise<void> {
  const frameSizeLimit = frameSizeLimitOf(env.FRAMESIZELIMIT ?? '');
  const storage = await openStorage(env.STORAGE || 'vector');
  try {
    const harness = new Harness(storage, frameSizeLimit);
    for await (const line of createInterface({ input })) {
      if (line === '') continue;
      const answer = await harness.line(line);
      if (answer.length > 0) print(`${answer.join('\n')}\n`);
    }
  } finally {
    await storage.close();
  }
}
