import { describe } from 'vitest';
import { tryMainJob } from './databases.ts';

describe('a hub on mariadb', () => {
  tryMainJob({ database: 'mariadb' });
});
