import {
  type Config,
  type ConfigOrigin,
  type ConfiguredKey,
  checkConfig,
  configError,
  configPaths,
  configuredKeys,
  type LoadedConfig,
  leafAt,
  valueAt,
  withValues,
} from '../../config/index.ts';
import type { ConfigurationAnswer, ReloadAnswer } from '../../control-api.ts';
import { DaemonError } from '../../errors.ts';
import { type Logger, type LogLevel, setLogLevel } from '../../logging.ts';
import type { Applier } from './appliers.ts';

interface LiveConfigInit {
  config: Config;
  /** Where each value was written; null: a program gave them. */
  origins: LoadedConfig['origins'] | null;
  /** Reads the configuration again; null: there is no place to read it from. */
  read: (() => Promise<LoadedConfig>) | null;
  appliers: readonly Applier[];
  /** The bearer token, which lies in a file. */
  token: { readonly trouble: string | null; look(now: boolean): Promise<void> | null };
  /**
   * Hears of keys that have new values.
   * @default none
   */
  onChanged?: ((keys: readonly string[]) => void) | undefined;
  /** The root. */
  logger: Logger;
}

type Origin = Pick<ConfiguredKey, 'from' | 'source'>;

const UNKNOWN: ConfigOrigin = { from: 'default', source: null };

/** The values that count in a running daemon. */
export class LiveConfig {
  readonly #init: LiveConfigInit;
  readonly #origins: Map<string, Origin>;
  #config: Config;
  #needsRestart: readonly string[] = [];
  #running: Promise<ReloadAnswer> | null = null;
  /** Begins when the running reload has ended; later calls join it. */
  #next: Promise<ReloadAnswer> | null = null;

  constructor(init: LiveConfigInit) {
    this.#init = init;
    this.#config = init.config;
    this.#origins = new Map(init.origins ?? []);
  }

  get answer(): ConfigurationAnswer {
    const keys = configuredKeys(this.#config, (path) => this.#origins.get(path) ?? UNKNOWN);
    return { keys, needsRestart: this.#needsRestart };
  }

  /** Counts until the next reload, which compares with it. */
  setLogLevel(level: LogLevel): void {
    this.#config = { ...this.#config, log: { level } };
    this.#origins.set('log.level', { from: 'call', source: null });
    setLogLevel(this.#init.logger, level);
    this.#init.onChanged?.(['log.level']);
  }

  /**
   * Takes what can change. Rejects, and leaves all values as they are, if any value is wrong. A call during a
   * reload gets a further reload, since the files may have changed meanwhile.
   */
  reload(): Promise<ReloadAnswer> {
    if (this.#running === null) return this.#begin();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<ReloadAnswer> {
    const running = this.#reload().finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #reload(): Promise<ReloadAnswer> {
    const { logger } = this.#init;
    try {
      const answer = await this.#take();
      const { changed, needsRestart } = answer;
      const rest =
        needsRestart.length === 0 ? '' : `; ${needsRestart.join(', ')} count after a restart`;
      const text = `the configuration was read again (keys changed: ${changed.length})${rest}`;
      logger.info({ component: 'daemon', event: 'reloaded', ...answer }, text);
      return answer;
    } catch (error) {
      const { code = 'INTERNAL', message } = error as DaemonError;
      logger.error(
        { component: 'daemon', event: 'reload-failed', code },
        `the configuration was not taken, and all values stay as they were: ${message}`,
      );
      throw error;
    }
  }

  async #take(): Promise<ReloadAnswer> {
    const { read, token, appliers, onChanged } = this.#init;
    if (read === null) throw notReloadable();
    const { config, origins } = await read();
    await token.look(true);
    if (token.trouble !== null) throw tokenUnreadable(token.trouble);
    const different = configPaths().filter((path) => !isSame(path, config, this.#config));
    const changed = different.filter(
      (path) => leafAt(path)?.reloadable === true && !isHeldBack(path, different),
    );
    const next = withValues(this.#config, config, changed);
    const problems = checkConfig({ config: next, given: () => true, sound: () => true });
    if (problems.length > 0) throw configError(problems);
    const due = appliers.filter(({ keys }) => keys.some((key) => changed.includes(key)));
    const apply = due.map((applier) => applier.prepare(next));
    for (const step of apply) step();
    this.#config = next;
    this.#noteOrigins(changed, different, origins);
    this.#needsRestart = different.filter((path) => !changed.includes(path));
    if (changed.length > 0) onChanged?.(changed);
    return { changed, needsRestart: this.#needsRestart };
  }

  #noteOrigins(
    changed: readonly string[],
    different: readonly string[],
    origins: LoadedConfig['origins'],
  ): void {
    for (const path of changed) {
      this.#origins.set(path, { from: 'reload', source: origins.get(path)?.source ?? null });
    }
    // The value is the same, and may be written elsewhere now.
    for (const path of configPaths()) {
      const known = this.#origins.get(path);
      if (different.includes(path) || known?.from === 'reload') continue;
      this.#origins.set(path, origins.get(path) ?? UNKNOWN);
    }
  }
}

/** Lists of another access mode mean something else: an empty one would shut all peers out. */
function isHeldBack(path: string, different: readonly string[]): boolean {
  return path === 'access.peers' && different.includes('access.mode');
}

function isSame(path: string, a: Config, b: Config): boolean {
  return JSON.stringify(valueAt(a, path)) === JSON.stringify(valueAt(b, path));
}

function notReloadable(): DaemonError {
  const message =
    'a program gave this daemon its configuration, so there is no file to read again: give `configuration.read` to startDaemon, or start it anew';
  return new DaemonError('NOT_RELOADABLE', message);
}

function tokenUnreadable(reason: string): DaemonError {
  const message = `the admin token cannot be used (${reason}): mend its file; the token before it counts`;
  return new DaemonError('TOKEN_UNREADABLE', message);
}
