import { setFlagsFromString } from 'node:v8';

/** What bin/rangemesh.js sets for the daemon; on the command line V8 would not heed the first. */
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--heap-growing-percent=100');
