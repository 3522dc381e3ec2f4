import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  post
} from "./chunks/chunk-54SQLTP5.mjs";
import "./chunks/chunk-2C5ZOA5P.mjs";
import "./chunks/chunk-CKBKNPDU.mjs";
import "./chunks/chunk-CU3ASNB5.mjs";
import "./chunks/chunk-YPVQFBCU.mjs";
import "./chunks/chunk-MY7DWCCO.mjs";

// src/post.ts
await post(process.env);
