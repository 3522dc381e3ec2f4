import { readFile } from 'node:fs/promises';
import { defineConfig } from 'vitest/config';

/** The host programs are imported as text, as esbuild does in script/build.ts. */
const hostPrograms = {
  name: 'host-programs-as-text',
  enforce: 'pre' as const,
  async load(id: string) {
    if (!/\.(sh|py)$/.test(id)) return null;
    return `export default ${JSON.stringify(await readFile(id, 'utf8'))}`;
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [hostPrograms],
  test: {
    // The mode `mysql` is that of script/mysql.
    include: [mode === 'mysql' ? '__tests__/mysql/*.ts' : '__tests__/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    // More than cores: whole hubs are waited for most of the time.
    maxWorkers: 3,
  },
}));
