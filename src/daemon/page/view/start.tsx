import { render } from 'preact';
import { PageAccess, PageStore } from '../live/index.ts';
import { App } from './app.tsx';
import { tabStorage } from './browser.ts';

/** Draws the page, and follows the daemon that served it. */
export function start(): void {
  const access = new PageAccess({ url: location.origin, storage: tabStorage });
  const store = new PageStore({ frame: (callback) => void requestAnimationFrame(callback) });
  render(<App access={access} store={store} />, document.body);
}
