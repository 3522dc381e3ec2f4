import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  main
} from "./chunks/chunk-L4Z6E6XR.mjs";
import "./chunks/chunk-MT56I2ME.mjs";
import "./chunks/chunk-2GDBN4FG.mjs";
import "./chunks/chunk-MY7DWCCO.mjs";

// src/main.ts
await main(process.env);
