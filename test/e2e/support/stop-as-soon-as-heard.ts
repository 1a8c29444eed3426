// Loaded by `--import`: sends this process a signal, SIGTERM unless STOP_SIGNAL names another, as soon as it
// has its first handler for SIGTERM (the launcher's), or its second (that of what the launcher loads), as
// STOP_AT_HANDLER says.
const signal = process.env.STOP_SIGNAL ?? 'SIGTERM';
let handlers = 0;
process.on('newListener', (event) => {
  if (event !== 'SIGTERM' || ++handlers !== Number(process.env.STOP_AT_HANDLER)) return;
  queueMicrotask(() => process.kill(process.pid, signal));
});
