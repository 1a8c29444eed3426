import { createInterface } from 'node:readline';
import type { Session } from '../../src/protocol/index.ts';
import { negentropyDialect } from '../../src/protocol/reconcile/negentropy/index.ts';
import type { Snapshot } from '../../src/store/index.ts';
import { type HarnessStorage, openStorage } from './storage.ts';

/**
 * Negentropy on stdin and stdout, for the cross-language tests of other implementations:
 *
 *     item,<timestamp>,<64 hex>   adds an item
 *     seal                        ends that
 *     initiate                    prints msg,<hex>
 *     msg,<hex>                   at the initiator prints have,<hex> and need,<hex> lines, then msg,<hex>
 *                                 or done; at the responder msg,<hex>
 *
 * STORAGE is vector (the default), tree or level; FRAMESIZELIMIT is in bytes, empty or 0 for none.
 * Frames are cut as the reference cuts them, its defects included, so that traces can be compared.
 */

const ANY = Number.POSITIVE_INFINITY;
const dialect = negentropyDialect('reference');
const frameSizeLimit = Number(process.env.FRAMESIZELIMIT || 0);

class Harness {
  readonly #storage: HarnessStorage;
  #snapshot: Snapshot | undefined;
  #initiator: Session | undefined;

  constructor(storage: HarnessStorage) {
    this.#storage = storage;
  }

  async line(line: string): Promise<string[]> {
    const [command, ...fields] = line.split(',');
    if (command === 'item') await this.#storage.insert(BigInt(fields[0]!), fromHex(fields[1]));
    else if (command === 'seal') this.#snapshot = await this.#storage.seal();
    else if (command === 'initiate') return this.#initiate();
    else if (command === 'msg') return this.#message(fromHex(fields[0]));
    else throw new Error(`unknown command ${command}: give item, seal, initiate or msg`);
    return [];
  }

  #initiate(): string[] {
    this.#initiator = this.#open('initiator');
    return this.#initiator.start().frames.map(output);
  }

  #message(message: Uint8Array): string[] {
    if (this.#initiator === undefined) {
      const responder = this.#open('responder');
      responder.start();
      return responder.receive(message).frames.map(output);
    }
    const { have, missing, frames, done } = this.#initiator.receive(message);
    return [
      ...have!.map((id) => `have,${toHex(id)}`),
      ...missing.map((id) => `need,${toHex(id)}`),
      ...(done ? ['done'] : frames.map(output)),
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
        maxMessageBytes: frameSizeLimit,
        maxInboundBytes: ANY,
        maxRounds: ANY,
        maxVisitedItems: ANY,
        maxMissing: ANY,
      },
    });
  }
}

function output(frame: Uint8Array): string {
  if (frameSizeLimit !== 0 && frame.length > frameSizeLimit) {
    throw new Error(`a message of ${frame.length} bytes exceeds the limit of ${frameSizeLimit}`);
  }
  return `msg,${toHex(frame)}`;
}

/** Node's own, for messages of megabytes. */
function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function fromHex(hex = ''): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  if (2 * bytes.length === hex.length) return bytes;
  throw new Error(`not hex: ${hex.slice(0, 80)}`);
}

async function serve(): Promise<void> {
  const storage = await openStorage(process.env.STORAGE || 'vector');
  try {
    const harness = new Harness(storage);
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === '') continue;
      const answer = await harness.line(line);
      if (answer.length > 0) process.stdout.write(`${answer.join('\n')}\n`);
    }
  } finally {
    await storage.close();
  }
}

try {
  await serve();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
