import type { Rule } from '../rule.ts';
import { rulesOf1 } from './1.ts';
import { rulesOf2 } from './2.ts';
import { rulesOf3 } from './3.ts';
import { rulesOf4 } from './4.ts';
import { rulesOf5 } from './5.ts';
import { rulesOf6 } from './6.ts';
import { always } from './always.ts';

/** Everything that is known of what releases changed, in their order. */
export const RULES: Rule[] = [...always, ...rulesOf1, ...rulesOf2, ...rulesOf3, ...rulesOf4, ...rulesOf5, ...rulesOf6];
