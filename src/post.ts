import { post } from './action.ts';

await post(process.env);
