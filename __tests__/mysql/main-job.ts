import { describe } from 'vitest';
import { tryMainJob } from '../e2e/databases.ts';

describe('a hub on MySQL', () => {
  tryMainJob({ database: 'mysql' });
});
