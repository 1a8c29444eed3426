import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into the victim by `--expose-gc --import`: tells the delay of its event loop since the last
// question, and its memory after a collection if the question is `collect`.
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on('message', (message) => {
  if (message === 'collect') for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, live: heapUsed + external, loopP99Ms: delay.percentile(99) / 1e6 });
  delay.reset();
});
