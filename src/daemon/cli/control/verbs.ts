import type { AdminClient } from '../../client/index.ts';
import type { PauseState, ReloadAnswer } from '../../control-api.ts';
import type { LogLevel } from '../../log/options.ts';
import type { LogLevelAnswer } from '../../schemas/index.ts';
import { ask } from '../ask.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { checkPeerId } from '../mesh.ts';

export function reload(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, { call: (daemon) => daemon.reload(), show: formatReload });
}

function formatReload({ changed, needsRestart }: ReloadAnswer): string {
  const lines = changed.map((key) => `${key}  counts from now on`);
  const rest = needsRestart.map((key) => `${key}  needs a restart`);
  const all = [...lines, ...rest];
  return all.length === 0 ? 'nothing has changed' : all.join('\n');
}

export function logLevel(
  level: LogLevel | undefined,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  return ask(options, init, {
    call: (daemon) => (level === undefined ? presentLevel(daemon) : daemon.setLogLevel({ level })),
    show: (answer) => answer.level,
  });
}

async function presentLevel(daemon: AdminClient): Promise<LogLevelAnswer> {
  const { keys } = await daemon.getConfiguration();
  return { level: keys['log.level']!.value as LogLevel };
}

export async function pause(
  peerId: string | undefined,
  options: TargetOptions & { keep?: boolean },
  init: CliInit,
): Promise<number> {
  if (peerId !== undefined) checkPeerId(peerId);
  const body = { peerId, keep: options.keep === true };
  return ask(options, init, { call: (daemon) => daemon.pause(body), show: formatPauses });
}

export async function resume(
  peerId: string | undefined,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  if (peerId !== undefined) checkPeerId(peerId);
  return ask(options, init, {
    call: (daemon) => daemon.resume({ peerId }),
    show: formatPauses,
  });
}

function formatPauses({ all, peers, kept }: PauseState): string {
  const until = (isKept: boolean): string => (isKept ? 'also after a restart' : 'until a restart');
  const lines = peers.map((peer) => `${peer}  paused, ${until(kept.peers.includes(peer))}`);
  if (all) lines.unshift(`replication with all peers is paused, ${until(kept.all)}`);
  return lines.length === 0 ? 'replication goes on with all peers' : lines.join('\n');
}
