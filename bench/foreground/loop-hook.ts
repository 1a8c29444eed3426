import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

// Loaded into the node by `--import`: tells the delays of its event loop since the last question, and those
// without the time in which it was ready and had no processor.
const SAMPLE_MS = 5;
const delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
delay.enable();

/** What the node answers to `look`. */
export interface LoopDelay {
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** Without the time in which the node was ready and had no processor. */
  readonly loopOwnP99Ms: number;
}

let own: number[] = [];
let at = performance.now();
let waited = waitedMs();
setInterval(() => {
  const [now, waitedNow] = [performance.now(), waitedMs()];
  own.push(Math.max(0, now - at - (waitedNow - waited)));
  [at, waited] = [now, waitedNow];
}, SAMPLE_MS).unref();

process.on('message', () => {
  own.sort((a, b) => a - b);
  const loopOwnP99Ms = own[Math.floor(own.length * 0.99)] ?? 0;
  const [loopP99Ms, loopMaxMs] = [delay.percentile(99) / 1e6, delay.max / 1e6];
  process.send?.({ loopP99Ms, loopMaxMs, loopOwnP99Ms } satisfies LoopDelay);
  delay.reset();
  own = [];
});

function waitedMs(): number {
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
}
