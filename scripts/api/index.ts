/** Writes `docs/api.md` from the OpenAPI document of the admin endpoint. */

export { apiDocument } from './document.ts';
export { renderApi } from './render.ts';
