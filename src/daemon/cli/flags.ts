import { type Command, InvalidArgumentError } from 'commander';
import type { Setting } from '../config/index.ts';
import { parseSize } from '../units/index.ts';

/** Short flags for the keys that are set most often on the command line. */
const SHORT: readonly (readonly [flags: string, path: string, description: string])[] = [
  ['--data-dir <dir>', 'node.dataDir', 'directory of the database and the keys'],
  ['--network <name>', 'network.name', 'name of the mesh'],
  ['--listen <address...>', 'network.listen', 'multiaddrs to listen on'],
  ['--peer <address...>', 'network.peers', 'multiaddrs of peers to dial'],
  ['--access <mode>', 'access.mode', 'who may connect, and so write: open, list or psk'],
  ['--allow <peer-id...>', 'access.peers', 'peer ids let in by --access list'],
  ['--psk-file <file>', 'access.pskFile', 'file with the key of --access psk'],
  ['--admin-host <host>', 'admin.host', 'address of the admin endpoint'],
  ['--admin-port <port>', 'admin.port', 'port of the admin endpoint, 0 for any'],
  ['--token-file <file>', 'admin.tokenFile', 'file with the bearer token'],
  ['--log-level <level>', 'log.level', 'trace, debug, info, warn, error, fatal or silent'],
];

/**
 * Adds `--set` and the short flags. `settings()` then gives them in order of first use: a short flag for
 * a list gathers its values, another keeps the last.
 */
export function configFlags(command: Command): () => Setting[] {
  const settings: Setting[] = [];
  for (const [flags, path, description] of SHORT) {
    const source = flags.split(' ', 1)[0]!;
    const isList = flags.endsWith('...>');
    command.option(flags, `${description} (${path})`);
    command.on(`option:${source.slice(2)}`, (text: string) => {
      const former = settings.find((setting) => setting.source === source);
      const value = isList ? [...(former?.value ?? []), text] : text;
      if (former === undefined) settings.push({ path, value, source });
      else Object.assign(former, { value });
    });
  }
  const description = 'any key of the configuration; repeat for more';
  command.option('--set <section.key=value>', description, (text) => {
    settings.push(parseSetting(text));
  });
  return () => settings;
}

function parseSetting(text: string): Setting {
  const at = text.indexOf('=');
  if (at < 1)
    throw new InvalidArgumentError('give section.key=value, such as sync.intervalMs=5000');
  return { path: text.slice(0, at), value: text.slice(at + 1), source: '--set' };
}

export function parseBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes >= 1 && bytes <= 2 ** 30) return bytes;
  throw new InvalidArgumentError('give a size from 1B to 1GiB, such as 16MiB');
}

/** Infinity, as in the store, which help does not wait for. */
const INFINITE_HINT = 2n ** 64n - 1n;

/** More would be refused by the daemon, or keep others out of it. */
const MAX_CONCURRENCY = 128;

export function parseConcurrency(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_CONCURRENCY) return count;
  throw new InvalidArgumentError(`give a number from 1 to ${MAX_CONCURRENCY}`);
}

export function parseCount(text: string): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError('give a whole number from 1 up');
}

/** A longer time would overflow a timer of Node. */
const MAX_SECONDS = 1_000_000;

export function parseSeconds(text: string): number {
  const seconds = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds >= 0.1 && seconds <= MAX_SECONDS) return seconds;
  throw new InvalidArgumentError(`give seconds from 0.1 to ${MAX_SECONDS}`);
}

/** The hint of an item. */
export function parseHintFlag(text: string): string {
  return parseHint(text, INFINITE_HINT - 1n);
}

/** An end of a range of hints. */
export function parseBoundFlag(text: string): string {
  return parseHint(text, INFINITE_HINT);
}

function parseHint(text: string, max: bigint): string {
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= max) return text;
  throw new InvalidArgumentError(`give a whole number from 0 to ${max}`);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** Seconds of a time such as 30s, 5m or 1h. */
export function parseTime(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,5})([smh])?$/.exec(text) ?? [];
  const seconds = Number(count ?? 0) * UNIT_SECONDS[unit]!;
  if (seconds >= 1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('give a time from 1s to 24h, such as 30s, 5m or 1h');
}

/** A place in the order of arrival: `SEQ`, or `EPOCH-SEQ` as the id of an event has it. */
export function parsePlaceFlag(text: string): { since: number; epoch?: string } {
  const [, epoch, seq] = /^(?:([0-9a-f]{16})-)?(\d{1,16})$/.exec(text) ?? [];
  const since = Number(seq);
  if (!Number.isSafeInteger(since)) {
    throw new InvalidArgumentError('give the seq of an entry, or EPOCH-SEQ; 0 is the beginning');
  }
  return { since, ...(epoch !== undefined && { epoch }) };
}
