/** What replication leaves to others: bytes on the wire, over the day, and the processor while clients ask. */

export { Budgets, type BudgetsInit, type BudgetsNow } from './budgets.ts';
export { ClientCalls } from './client-calls.ts';
export { type BudgetOptions, DEFAULT_BUDGET_OPTIONS } from './options.ts';
export { MIN_BYTES_PER_SECOND, parseScheduled } from './schedule.ts';
