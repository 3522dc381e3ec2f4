import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  main
} from "./chunks/chunk-YOT2KDTH.mjs";
import "./chunks/chunk-6E4YAZG7.mjs";
import "./chunks/chunk-OWL5H37P.mjs";
import "./chunks/chunk-GMAGFIF4.mjs";
import "./chunks/chunk-CU3ASNB5.mjs";
import "./chunks/chunk-YPVQFBCU.mjs";
import "./chunks/chunk-MY7DWCCO.mjs";

// src/main.ts
await main(process.env);
