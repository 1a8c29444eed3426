// Loaded into a daemon by `--import`: its wall clock jumps when the parent says so.
const now = Date.now;
let shiftMs = 0;
Date.now = () => now() + shiftMs;
process.on('message', (message) => {
  if (typeof message !== 'string' || !message.startsWith('clock ')) return;
  shiftMs = Number(message.slice('clock '.length));
  process.send?.({ shiftMs });
});
