import type { PageClock, TokenStorage } from '../live/index.ts';

/** The real clock of the browser; no other file of the page touches it. */
export const browserClock: PageClock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Milliseconds since the epoch of an ISO 8601 instant. */
export function instantMs(at: string): number {
  return Date.parse(at);
}

const TOKEN_KEY = 'rangemesh.token';

/** Lasts as long as the tab. A browser may forbid storage; then the token lasts as long as the page. */
export const tabStorage: TokenStorage = {
  read() {
    try {
      return sessionStorage.getItem(TOKEN_KEY);
    } catch {
      return null;
    }
  },
  write(token) {
    try {
      if (token === null) sessionStorage.removeItem(TOKEN_KEY);
      else sessionStorage.setItem(TOKEN_KEY, token);
    } catch {
      // The page goes on with the token that it holds.
    }
  },
};
