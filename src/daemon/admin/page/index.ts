/** `GET /`: the status page for people, beside the calls for programs. */

export { pageOperations } from './page.ts';
