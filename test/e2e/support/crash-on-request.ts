// Loaded by `--import`: SIGUSR2 makes this process fail in an unforeseen way.
process.on('SIGUSR2', () => {
  throw new Error('boom');
});
