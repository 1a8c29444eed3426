/**
 * The status page in a browser: components over the state, and all that touches the browser.
 * `scripts/build-page.ts` bundles it; the daemon serves the bundle and never loads this room.
 */

export { start } from './start.tsx';
