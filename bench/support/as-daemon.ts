import { setFlagsFromString } from 'node:v8';

/** What bin/rangemesh.js sets for the daemon, beside what it has on the command line. */
setFlagsFromString('--heap-growing-percent=30');
