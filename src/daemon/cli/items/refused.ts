import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT } from '../../errors.ts';
import { LineSplitter } from '../../line-splitter.ts';
import { printAnswer, withClient } from '../ask.ts';
import type { DaemonClient } from '../client/index.ts';
import { unreadable, usage } from '../errors.ts';
import { formatCount } from '../format.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';

/** Ids that the daemon takes in one call. */
const PART = 800;
/** Longer lines hold no id. */
const MAX_LINE_BYTES = 128;

export interface RefusedOptions extends TargetOptions {
  /** Ids, one a line; `-` is standard input. */
  file?: string;
  reason?: string;
}

/** `refuse ID…`: keeps items out. */
export function refuse(
  ids: readonly string[],
  options: RefusedOptions,
  init: CliInit,
): Promise<number> {
  const { reason = '' } = options;
  return withClient(options, init, async (client) => {
    const total = { added: 0, dropped: 0 };
    let asked = 0;
    for await (const part of partsOf(ids, options, init)) {
      asked += part.length;
      const { added, dropped } = await ask(client, (daemon) =>
        daemon.refuse({ ids: part, reason }),
      );
      total.added += added;
      total.dropped += dropped;
    }
    const known = asked - total.added;
    const text = [
      `${formatCount(total.added, 'item')} refused, ${total.dropped} of them dropped here`,
      ...(known > 0 ? [`${formatCount(known, 'item')} refused before`] : []),
    ].join('; ');
    await printAnswer(options, init, total, text);
    return EXIT.ok;
  });
}

/** `unrefuse ID…`: lets items in again. */
export function unrefuse(
  ids: readonly string[],
  options: RefusedOptions,
  init: CliInit,
): Promise<number> {
  return withClient(options, init, async (client) => {
    let removed = 0;
    for await (const part of partsOf(ids, options, init)) {
      removed += (await ask(client, (daemon) => daemon.unrefuse({ ids: part }))).removed;
    }
    await printAnswer(options, init, { removed }, `${formatCount(removed, 'item')} let in again`);
    return EXIT.ok;
  });
}

/** Both calls may be made twice: the second finds nothing to do. */
function ask<T>(client: DaemonClient, call: Parameters<typeof client.ask<T>>[0]): Promise<T> {
  return client.ask(call, { idempotent: true });
}

/** The ids in parts that one call takes. A file is read as it is sent. Throws `USAGE`. */
async function* partsOf(
  ids: readonly string[],
  { file }: RefusedOptions,
  init: CliInit,
): AsyncGenerator<string[]> {
  if ((ids.length === 0) === (file === undefined)) {
    throw usage('name ids, or a file with one id a line by --file');
  }
  let part: string[] = [];
  for await (const id of file === undefined ? checked(ids) : idsIn(file, init)) {
    part.push(id);
    if (part.length < PART) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

function* checked(ids: readonly string[]): Generator<string> {
  for (const id of ids) {
    if (isId(id)) continue;
    throw usage(
      `${id} is no id: give all 64 hexadecimal digits, as "rangemesh ls --wide" shows them`,
    );
  }
  yield* ids;
}

/** Blank lines are passed over. */
async function* idsIn(file: string, init: CliInit): AsyncGenerator<string> {
  const stream = file === '-' ? init.stdin : createReadStream(resolve(init.cwd, file));
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  const ids = function* (lines: ReturnType<LineSplitter['push']>): Generator<string> {
    for (const { bytes, number } of lines) {
      const text = bytes === null ? null : new TextDecoder().decode(bytes).trim();
      if (text === '') continue;
      if (text === null || !isId(text)) throw usage(`line ${number} of ${file} is no id`);
      yield text;
    }
  };
  try {
    for await (const chunk of stream) yield* ids(splitter.push(chunk as Uint8Array));
    yield* ids(splitter.end());
  } catch (cause) {
    const isFile = typeof Object(cause).syscall === 'string';
    throw isFile ? unreadable(file, cause as Error) : cause;
  }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text);
}
