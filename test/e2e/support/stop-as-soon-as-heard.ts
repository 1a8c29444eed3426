// Loaded by `--import`: sends this process SIGTERM as soon as it has its first handler for it (the
// launcher's), or its second (that of what the launcher loads), as STOP_AT_HANDLER says.
let handlers = 0;
process.on('newListener', (event) => {
  if (event !== 'SIGTERM' || ++handlers !== Number(process.env.STOP_AT_HANDLER)) return;
  setImmediate(() => process.kill(process.pid, 'SIGTERM'));
});
