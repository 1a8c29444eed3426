// Loaded by `--import`: SIGUSR2 makes this process fail in a way that nobody foresaw.
process.on('SIGUSR2', () => {
  throw new Error('boom');
});
