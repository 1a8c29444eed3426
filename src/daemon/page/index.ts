/**
 * The status page, as the admin endpoint serves it at `/`: one file with its script and style within. Its sources
 * are `view/` (browser), `live/` and `state/`; `npm run page` bundles them.
 */

export { type PageForm, StatusPage } from './status-page.ts';
