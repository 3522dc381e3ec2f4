import { describe } from 'vitest';
import { tryHostPrograms } from './mysql.ts';

// MySQL itself: script/mysql.
describe('mariadb', () => {
  tryHostPrograms('mariadb');
});
