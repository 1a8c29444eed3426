import type { Replica } from '../../../store/index.ts';
import type { EventBus } from '../../events/index.ts';
import {
  guardOf,
  hintCheck,
  type ItemGuard,
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
}

interface GuardedParts {
  readonly replica: Replica;
  readonly events: Pick<EventBus, 'incident'>;
  readonly roles: PeerRoles;
}

export function createGuarding(
  { config, system: { clock }, logger }: DaemonInit,
  { replica, events, roles }: GuardedParts,
): Guarding {
  const { refusals, retention } = replica;
  const accepted = new AcceptedHints({ clock, retention, options: config.hints });
  const pruner = new Pruner({
    replica,
    clock,
    logger: logger.child({ component: 'retention' }),
    incident: (trouble) => events.incident(trouble),
    options: retentionOptions(config),
  });
  const guard = guardOf([roleCheck(roles), hintCheck(accepted), refusedIdCheck(refusals)]);
  return { guard, accepted, pruner };
}
