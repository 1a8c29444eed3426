/**
 * Puts and gets of short items in their plain form, served without the framework. Whatever is not plain, and
 * each refusal, goes to the framework, so that every rule stands in one place.
 */

export { type HotFailure, type HotInit, HotItems } from './hot-items.ts';
