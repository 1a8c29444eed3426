/** The budget of bytes on the wire that an operator sets, and its schedule over the day. */

export { Budgets, type BudgetsInit, type BudgetsNow } from './budgets.ts';
export { type BudgetOptions, DEFAULT_BUDGET_OPTIONS } from './options.ts';
export { MIN_BYTES_PER_SECOND, parseScheduled } from './schedule.ts';
