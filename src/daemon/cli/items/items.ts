import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { DaemonError, EXIT } from '../../errors.ts';
import type { OwnFiles } from '../../own-files.ts';
import { ask, withClient } from '../ask.ts';
import { taken, unreadable, unwritable, usage } from '../errors.ts';
import { formatWhy } from '../format-why.ts';
import { type CliInit, printLine, write } from '../init.ts';
import { ownFiles, type TargetOptions } from '../locate.ts';
import { idInManifest } from './lookup.ts';

export interface PutCommandOptions extends TargetOptions {
  hint?: string;
  maxBytes: number;
  /** Store also an item without a byte. */
  empty?: boolean;
}

/** `put [FILE]`: one item from a file or from standard input. */
export async function put(
  file: string,
  options: PutCommandOptions,
  init: CliInit,
): Promise<number> {
  const stream = file === '-' ? init.stdin : createReadStream(resolve(init.cwd, file));
  const payload = await readAll(stream, file, options.maxBytes);
  if (payload.length === 0 && options.empty !== true) throw emptyInput(file);
  const own = await ownFiles(options, init);
  const isOwn = file !== '-' && (await own.hasPath(resolve(init.cwd, file)));
  if (isOwn || own.isSecret(payload)) throw ownFile(file);
  const { hint } = options;
  return ask(options, init, {
    call: (daemon) => daemon.putItem(payload, { hint }),
    show: ({ id }) => id,
    // With a hint the id is settled, so a second put finds the item there.
    idempotent: hint !== undefined,
  });
}

/** A command before the pipe that failed leaves an empty input. */
function emptyInput(file: string): DaemonError {
  const name = file === '-' ? 'standard input' : file;
  const message = `${name} is empty, so nothing is stored: give --empty to store an empty item`;
  return new DaemonError('INPUT_EMPTY', message);
}

/** Every peer would get it, and no peer forgets. */
export function ownFile(path: string): DaemonError {
  const name = path === '-' ? 'standard input' : path;
  return usage(
    `${name} is a key or a token of a node, or lies in a data directory or a LevelDB database, so it is not stored: every peer would get it`,
  );
}

/** Throws `USAGE` if the file to write is one of a node. */
export async function refuseOwn(path: string, own: OwnFiles): Promise<void> {
  const isOwn = await own
    .hasPath(path)
    .catch(() => own.hasPath(dirname(path)))
    // Opening it says what is wrong.
    .catch(() => false);
  if (isOwn) throw usage(`${path} is a file of a node, or lies in a data directory; name another`);
}

async function readAll(stream: Readable, name: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of stream) {
      parts.push(part);
      bytes += part.length;
      if (bytes > maxBytes) break;
    }
  } catch (cause) {
    throw unreadable(name, cause as Error);
  }
  if (bytes <= maxBytes) return Buffer.concat(parts);
  throw new DaemonError(
    'INPUT_TOO_LARGE',
    `${name === '-' ? 'standard input' : name} is longer than ${maxBytes} bytes; raise --max-bytes ` +
      'if the daemon takes longer items (limits.maxItemBytes)',
  );
}

export interface GetOptions extends TargetOptions {
  output?: string;
  /** Write also what is no plain text to a terminal, and over a file that is there. */
  force?: boolean;
  /** The file that says which id a name has. */
  manifest?: string;
}

/** `get ID`, or with a manifest the name of an item: the payload on standard output, or in a file. */
export async function get(name: string, options: GetOptions, init: CliInit): Promise<number> {
  const { manifest } = options;
  const output = options.output === undefined ? null : resolve(init.cwd, options.output);
  const given = manifest === undefined ? name : await idInManifest(manifest, name, init);
  checkId(given);
  if (output !== null) await refuseOwn(output, await ownFiles(options, init));
  return withClient(options, init, async (client) => {
    const { id, hint, payload: body } = await client.ask((daemon) => daemon.getItem(given));
    const facts = { id, hint, bytes: body.length };
    if (output !== null) await save(output, body, options);
    else if (options.json !== true) await show(body, options, init);
    if (options.json === true) await printLine(init.stdout, describe(facts, body, options.output));
    return EXIT.ok;
  });
}

async function save(path: string, body: Uint8Array, { force }: GetOptions): Promise<void> {
  // A device or a pipe loses nothing.
  const isFile = await stat(path)
    .then((found) => found.isFile())
    .catch(() => true);
  const flag = force === true || !isFile ? 'w' : 'wx';
  await writeFile(path, body, { flag }).catch((cause) => {
    if (cause.code === 'EEXIST') throw taken(path, ', or give --force');
    throw unwritable(path, cause);
  });
}

async function show(body: Uint8Array, { force }: GetOptions, { stdout }: CliInit): Promise<void> {
  if (stdout.isTTY === true && force !== true && !isPlainText(body)) {
    throw usage(
      'the item is no plain text, which may upset the terminal: give -o FILE, or --force',
    );
  }
  await write(stdout, body);
}

/** UTF-8 without control characters, by which a text can steer a terminal. */
function isPlainText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !/[^\P{Cc}\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}

/** `why ID`: where an item is, or why it is not here. */
export async function why(id: string, options: TargetOptions, init: CliInit): Promise<number> {
  checkId(id);
  return ask(options, init, { call: (daemon) => daemon.whyItem(id), show: formatWhy });
}

function checkId(id: string): void {
  if (/^[0-9a-f]{8,64}$/i.test(id)) return;
  throw usage(`${id} is no id: give its 64 hexadecimal digits, or the first 8 or more`);
}

function describe(facts: object, body: Uint8Array, output: string | undefined): string {
  const content =
    output === undefined ? { base64: Buffer.from(body).toString('base64') } : { output };
  return JSON.stringify({ ...facts, ...content });
}
