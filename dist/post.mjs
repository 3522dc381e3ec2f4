import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  post
} from "./chunks/chunk-ABMR7Y5Z.mjs";
import "./chunks/chunk-D7PIANJZ.mjs";
import "./chunks/chunk-E4VIEVVY.mjs";
import "./chunks/chunk-CU3ASNB5.mjs";
import "./chunks/chunk-YPVQFBCU.mjs";
import "./chunks/chunk-MY7DWCCO.mjs";

// src/post.ts
await post(process.env);
