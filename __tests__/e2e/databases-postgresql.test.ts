import { describe } from 'vitest';
import { tryMainJob } from './databases.ts';

describe('a hub on postgresql', () => {
  tryMainJob({ database: 'postgresql' });
});
