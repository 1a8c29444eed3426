/**
 * Puts and gets of short items in their plain form, served without the framework and without the
 * responses of Node. Whatever is not plain, and each refusal, goes to the framework, so that every rule stands in
 * one place.
 */

export type { HotFailure } from './hot-call.ts';
export { type HotInit, HotItems } from './hot-items.ts';
