import type { Logger } from 'pino';
import type { Clock, Replica } from '../../../store/index.ts';
import { DaemonError } from '../../errors.ts';
import type { Programs } from '../../system/index.ts';
import { PolicyCheck } from './check.ts';
import { PolicyMemory } from './memory.ts';
import { ModulePolicy, type PolicyFunction } from './module.ts';
import type { PolicyOptions } from './options.ts';
import type { Policy } from './policy.ts';
import { ProgramPolicy } from './program.ts';

export interface OpenPolicyInit {
  /** Both are off: there is no policy. */
  readonly policy: PolicyOptions & {
    readonly command: readonly string[];
    readonly module: string | null;
  };
  readonly programs: Programs | undefined;
  /** Where the program runs. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where refused items are remembered. */
  readonly refusals: Pick<Replica['refusals'], 'note'>;
}

export interface OpenedPolicy {
  readonly check: PolicyCheck;
  stop(): void;
}

/** Starts the policy of the configuration; null: there is none. Rejects with `DaemonError` if it cannot be. */
export async function openPolicy(init: OpenPolicyInit): Promise<OpenedPolicy | null> {
  const { policy: options, programs, clock } = init;
  const { command, module } = options;
  if (command.length === 0 && module === null) return null;
  if (programs === undefined) {
    throw unusable('policy', 'this program starts none: give system.programs, or take it out');
  }
  const policy =
    module === null ? programPolicy(init, programs) : await modulePolicy(init, programs, module);
  const memory = new PolicyMemory(init);
  const check = new PolicyCheck({
    ...{ policy, clock, options },
    remember: (items) => memory.remember(items),
  });
  return { check, stop: () => check.stop() };
}

function programPolicy(
  { policy: { command, firstBytes }, directory, clock, logger }: OpenPolicyInit,
  programs: Programs,
): Policy {
  return new ProgramPolicy({
    start: (heard) => programs.start({ command, directory, heard }),
    ...{ clock, logger, firstBytes },
  });
}

async function modulePolicy(
  { policy: { firstBytes }, logger }: OpenPolicyInit,
  programs: Programs,
  path: string,
): Promise<Policy> {
  const decide = await loadPolicyFunction(path, programs.load);
  return new ModulePolicy({ decide, logger, firstBytes });
}

/** The default export of a policy module. Rejects with `CONFIG_INVALID`. */
export async function loadPolicyFunction(
  path: string,
  load: Programs['load'],
): Promise<PolicyFunction> {
  const loaded = await load(path).catch((error: Error) => {
    throw unusable('policy.module', `${path} cannot be loaded: ${error.message}`);
  });
  const { default: decide } = Object(loaded);
  if (typeof decide !== 'function') {
    throw unusable('policy.module', `${path} must have a function as its default export`);
  }
  return decide as PolicyFunction;
}

function unusable(key: string, reason: string): DaemonError {
  return new DaemonError('CONFIG_INVALID', `configuration: ${key}: ${reason}`);
}
