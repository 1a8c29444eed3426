import type { Clock } from '../environment.ts';

/** The real clock, in Node and in browsers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    if (delayMs <= 0) return soon(callback);
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Browsers have no `setImmediate`, and their timers wait 4 ms; a message takes its turn at once. */
const soon: (callback: () => void) => () => void =
  typeof setImmediate === 'function' ? byImmediate : byMessage;

function byImmediate(callback: () => void): () => void {
  const immediate = setImmediate(callback);
  return () => clearImmediate(immediate);
}

/** For browsers. */
export function byMessage(callback: () => void): () => void {
  const { port1, port2 } = new MessageChannel();
  const end = (): void => port1.close();
  port1.addEventListener('message', () => {
    end();
    callback();
  });
  port1.start();
  port2.postMessage(null);
  return end;
}
