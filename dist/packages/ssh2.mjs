import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  require_lib
} from "../chunks/chunk-V3Z33ZCZ.mjs";
import "../chunks/chunk-MY7DWCCO.mjs";
export default require_lib();
