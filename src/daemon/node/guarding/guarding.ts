import type { Replica } from '../../../store/index.ts';
import type { EventBus } from '../../events/index.ts';
import {
  type GuardCheck,
  guardOf,
  hintCheck,
  type ItemGuard,
  type OpenedPolicy,
  openPolicy,
  QuotaCheck,
  refusedIdCheck,
  roleCheck,
} from '../../guard/index.ts';
import type { PeerRoles } from '../../mesh/index.ts';
import { AcceptedHints, Pruner } from '../../retention/index.ts';
import { retentionOptions } from '../config-options.ts';
import type { DaemonInit } from '../init.ts';

/** The parts of a daemon that say which items it takes and keeps. */
export interface Guarding {
  readonly guard: ItemGuard;
  readonly accepted: AcceptedHints;
  /** Not started. */
  readonly pruner: Pruner;
  readonly quotas: QuotaCheck;
  /** Null: there is none. */
  readonly policy: OpenedPolicy | null;
}

interface GuardedParts {
  readonly replica: Replica;
  readonly events: Pick<EventBus, 'incident'>;
  readonly roles: PeerRoles;
  /** Gets the steps that stop what runs. */
  readonly undo: (() => Promise<unknown>)[];
}

/** Rejects with `DaemonError` if the policy cannot be. */
export async function createGuarding(init: DaemonInit, parts: GuardedParts): Promise<Guarding> {
  const { config, system, logger } = init;
  const { clock } = system;
  const { replica, events, roles, undo } = parts;
  const { refusals, retention } = replica;
  const accepted = new AcceptedHints({ clock, retention, options: config.hints });
  const pruner = new Pruner({
    replica,
    clock,
    logger: logger.child({ component: 'retention' }),
    incident: (trouble) => events.incident(trouble),
    areTimes: () => accepted.areTimes,
    options: retentionOptions(config),
  });
  const quotas = new QuotaCheck({ replica, clock, logger, options: config.quotas });
  undo.push(async () => quotas.stop());
  const policy = await startPolicy(init, parts);
  // The policy comes last: it is asked about the items alone that all others take.
  const checks: GuardCheck[] = [roleCheck(roles), hintCheck(accepted), refusedIdCheck(refusals)];
  checks.push(quotas, ...(policy === null ? [] : [policy.check]));
  return { guard: guardOf(checks), accepted, pruner, quotas, policy };
}

async function startPolicy(
  { config, system: { clock, programs }, logger }: DaemonInit,
  { replica: { refusals }, undo }: GuardedParts,
): Promise<OpenedPolicy | null> {
  const policy = await openPolicy({
    policy: config.policy,
    programs,
    directory: config.node.dataDir,
    clock,
    refusals,
    logger: logger.child({ component: 'policy' }),
  });
  undo.push(async () => policy?.stop());
  return policy;
}
