/** Which items a daemon takes and keeps: the checks in their order, and retention. */

export { createGuarding, type Guarding } from './guarding.ts';
