/** What `bin/rangemesh.js` has a daemon started with; a test holds the two equal. */
export const V8_FLAGS: readonly string[] = ['--min-semi-space-size=2', '--max-semi-space-size=2'];
