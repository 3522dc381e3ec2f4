import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  require_lib
} from "./chunk-V3Z33ZCZ.mjs";
import "./chunk-MY7DWCCO.mjs";
export default require_lib();
