// Loaded into a daemon by `--expose-gc --import`: tells its resident set size after a collection.
process.on('message', () => {
  const { gc } = globalThis;
  for (let i = 0; i < 4; i++) gc?.();
  process.send?.(process.memoryUsage().rss);
});
