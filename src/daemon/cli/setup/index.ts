/** The verbs that make a node: `init`, `id` and `keygen`. None of them needs a daemon. */

export { id, keygenPsk } from './keys.ts';
export { setup } from './setup.ts';
