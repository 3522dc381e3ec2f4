import { describe } from 'vitest';
import { tryMainJob } from './databases.ts';

// With a WAL: light-upgrade and light-rollback.
describe('a hub on SQLite with a rollback journal', () => {
  tryMainJob({ database: 'sqlite', journalMode: 'delete' });
});
