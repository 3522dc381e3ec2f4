import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  main
} from "./chunks/chunk-YY3RZ4BQ.mjs";
import "./chunks/chunk-PQ74MC3Z.mjs";
import "./chunks/chunk-E4VIEVVY.mjs";
import "./chunks/chunk-CU3ASNB5.mjs";
import "./chunks/chunk-YPVQFBCU.mjs";
import "./chunks/chunk-MY7DWCCO.mjs";

// src/main.ts
await main(process.env);
