import { useEffect, useState } from 'preact/hooks';
import { follow, type PageAccess, type PageStore } from '../live/index.ts';
import type { PageState } from '../state/index.ts';
import { browserClock } from './browser.ts';

/** The state, drawn anew after each frame with news. */
export function usePageState(store: PageStore): PageState {
  const [state, setState] = useState(store.state);
  useEffect(() => store.listen(setState), [store]);
  return state;
}

/** Draws anew when the token, or the question for it, changes. */
export function useAccess(access: PageAccess): void {
  const [, setChanges] = useState(0);
  useEffect(() => access.listen(() => setChanges((changes) => changes + 1)), [access]);
}

/** Follows the daemon while the page is visible: a hidden page needs none of the few connections of a browser. */
export function useFollowing(access: PageAccess, store: PageStore): void {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = () => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  useEffect(() => {
    if (!isVisible) return;
    const over = new AbortController();
    follow({
      client: access.client(),
      clock: browserClock,
      dispatch: store.dispatch,
      signal: over.signal,
      locked: () => void access.ask(),
    });
    return () => over.abort();
  }, [access, store, isVisible, access.changes]);
}

/** The width of an element, which drawings need to keep their texts readable. */
export function useWidth(): [number, (element: HTMLElement | null) => void] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [width, setElement];
}

/** The time, once a second, for ages on the page. */
export function useNow(): number {
  const [now, setNow] = useState(browserClock.now);
  useEffect(() => browserClock.after(1_000, () => setNow(browserClock.now())), [now]);
  return now;
}
