// Loaded into a daemon by `--import`: its time passes `pace` times as fast from `begin` on, its wall clock is `ahead`,
// and jumps when the parent says so.
const { searchParams } = new URL(import.meta.url);
const [begin, pace, ahead] = ['begin', 'pace', 'ahead'].map((name) =>
  Number(searchParams.get(name)),
);
const [wall, running] = [Date.now, performance.now.bind(performance)];
let shiftMs = 0;
Date.now = () => Math.round(begin! + pace! * (wall() - begin!) + ahead! + shiftMs);
performance.now = () => pace! * running();
process.on('message', (message) => {
  if (typeof message !== 'string' || !message.startsWith('clock ')) return;
  shiftMs = Number(message.slice('clock '.length));
  process.send?.({ shiftMs });
});
