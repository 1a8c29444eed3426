import type { RetentionStatus } from '../../control-api.ts';
import { ask } from '../ask.ts';
import { formatBytes, formatCount } from '../format.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';

export function retention(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: async (daemon) => (await daemon.getStatus()).retention,
    show: formatRetention,
  });
}

export function confirmRetention(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.confirmRetention(),
    show: formatRetention,
  });
}

function formatRetention(status: RetentionStatus): string {
  const { floor, goal, removedItems, removedBytes, left, running, waits } = status;
  const lines = [
    ['floor', floor ?? 'none: items are kept whatever their hints'],
    ...(goal === floor ? [] : [['goal', goal ?? 'none']]),
    ['removed', `${formatCount(removedItems, 'item')}, ${formatBytes(removedBytes)}`],
    ['left', `${formatCount(left, 'item')}${running && left > 0 ? ', being removed' : ''}`],
    ...(waits === null ? [] : [['waits', `${waits.message} [${waits.code}]`]]),
  ];
  return lines.map(([name, value]) => `${name!.padEnd(12)} ${value}`).join('\n');
}
