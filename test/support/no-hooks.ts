import hooks from 'node:async_hooks';

// Loaded ahead of all tests, before the test runner. That follows every promise, to tell which test an
// error belongs to that nobody waited for; under virtual time it takes as long as all else together.
// Without, such an error fails the file that it came from.
const none = { enable: () => none, disable: () => none };
hooks.createHook = () => none;
