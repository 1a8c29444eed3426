import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { DaemonError, EXIT } from '../errors.ts';
import type { WhyAnswer } from '../node-api.ts';
import { ask, withClient } from './ask.ts';
import type { Call } from './client.ts';
import { usage } from './errors.ts';
import { formatWhy } from './format-why.ts';
import { type CliInit, printLine, write } from './init.ts';
import { ownFiles, type TargetOptions } from './locate.ts';

/** The daemon's answer to a put. */
export interface PutAnswer {
  readonly id: string;
  readonly hint: string;
  readonly created: boolean;
}

export interface PutCommandOptions extends TargetOptions {
  hint?: string;
  maxBytes: number;
}

/** `put [FILE]`: one item from a file or from standard input. */
export async function put(
  file: string,
  options: PutCommandOptions,
  init: CliInit,
): Promise<number> {
  const stream = file === '-' ? init.stdin : createReadStream(resolve(init.cwd, file));
  const payload = await readAll(stream, file, options.maxBytes);
  const own = await ownFiles(options, init);
  const isOwn = file !== '-' && (await own.hasPath(resolve(init.cwd, file)));
  if (isOwn || own.isSecret(payload)) throw ownFile(file);
  const show = ({ id, hint, created }: PutAnswer) =>
    `${id} ${hint} ${created ? 'created' : 'there already'}`;
  return ask(options, init, putCall(payload, options.hint), show);
}

/** Every peer would get it, and no peer forgets. */
export function ownFile(path: string): DaemonError {
  const name = path === '-' ? 'standard input' : path;
  return usage(
    `${name} is a key or a token of a node, or lies in a data directory or a LevelDB database, so it is not stored: every peer would get it`,
  );
}

export function putCall(payload: Uint8Array, hint: string | bigint | undefined): Call {
  return {
    method: 'POST',
    path: hint === undefined ? '/v1/items' : `/v1/items?hint=${encodeURIComponent(`${hint}`)}`,
    body: payload,
    // With a hint the id is settled, so a second put finds the item there.
    idempotent: hint !== undefined,
  };
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
    throw usage(`cannot read ${name}: ${(cause as Error).message}`, { cause });
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
}

/** `get ID`: the payload on standard output, or in a file. */
export async function get(id: string, options: GetOptions, init: CliInit): Promise<number> {
  checkId(id);
  return withClient(options, init, async (client) => {
    const { body, headers } = await client.call({ method: 'GET', path: `/v1/items/${id}` });
    const facts = { id: id.toLowerCase(), hint: headers['rangemesh-hint'], bytes: body.length };
    if (options.output !== undefined) await writeFile(resolve(init.cwd, options.output), body);
    else if (options.json !== true) await write(init.stdout, body);
    if (options.json === true) await printLine(init.stdout, describe(facts, body, options.output));
    return EXIT.ok;
  });
}

/** `why ID`: where an item is, or why it is not here. */
export async function why(id: string, options: TargetOptions, init: CliInit): Promise<number> {
  checkId(id);
  const call = { method: 'GET', path: `/v1/items/${id}/why` } as const;
  return ask<WhyAnswer>(options, init, call, formatWhy);
}

function checkId(id: string): void {
  if (!/^[0-9a-f]{64}$/i.test(id)) throw usage(`an id has 64 hexadecimal digits; ${id} is none`);
}

function describe(facts: object, body: Uint8Array, output: string | undefined): string {
  const content =
    output === undefined ? { base64: Buffer.from(body).toString('base64') } : { output };
  return JSON.stringify({ ...facts, ...content });
}
