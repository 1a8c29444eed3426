// Loaded into a daemon by `--expose-gc --import`: tells what it uses, after a collection.
process.on('message', () => {
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  process.send?.({ heapUsed, rss, resources: process.getActiveResourcesInfo().length });
});
