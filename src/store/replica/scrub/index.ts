/** The scrubber: reads all records slowly in the background, and compares them. */

export { Scrubber } from './scrub.ts';
