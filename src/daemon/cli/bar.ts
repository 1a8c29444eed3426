import { SingleBar } from 'cli-progress';
import type { Terminal } from './init.ts';

/** A progress bar that has begun; it clears its line when it stops. Without a terminal it is silent. */
export function startBar(stream: Terminal, format: string, total: number, payload = {}): SingleBar {
  const bar = new SingleBar({
    stream,
    format,
    clearOnComplete: true,
    barsize: 30,
    etaBuffer: 500,
    hideCursor: null,
  });
  bar.start(total, 0, payload);
  return bar;
}
