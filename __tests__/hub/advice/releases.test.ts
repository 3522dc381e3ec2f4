// Each rule holds, and does not, for a real configuration that a real old release has loaded.
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cachedEnvironment } from '../../../bench/hub/environments.ts';
import { configurationSchema } from '../../../src/hub/advice/configuration.ts';
import { adviceFor } from '../../../src/hub/advice/index.ts';
import { RULES } from '../../../src/hub/advice/rules/index.ts';
import type { Facts } from '../../../src/hub/facts.ts';
import { hostProgram, runProgram, temporaryDirectory } from '../../host/support.ts';
import { CASES, type Case } from './cases.ts';

const root = temporaryDirectory();
let number = 0;

/** What introspect.py tells of the configuration of a case, as facts. */
async function look({ from, config, files, packages, environment, database }: Case): Promise<Facts> {
  const directory = join(root, String(++number));
  const installed = Object.entries(packages ?? {}).map(([name, version]) => [
    `site/${name.replaceAll('-', '_')}-${version}.dist-info/METADATA`,
    `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
  ]);
  const all: Record<string, string> = { 'jupyterhub_config.py': config, ...files, ...Object.fromEntries(installed) };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text, { mode: 0o755 });
  }
  const bin = join(await cachedEnvironment(from), 'bin');
  const env = {
    ...{ HOME: directory, PATH: [bin, '/usr/bin:/bin'].join(delimiter), PYTHONPATH: join(directory, 'site') },
    ...environment,
  };
  const command = [join(bin, 'python'), hostProgram('introspect.py')];
  const { status, stdout, stderr } = await runProgram(command, { cwd: directory, env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { version, configuration } = JSON.parse(stdout) as { version: string; configuration: unknown };
  expect(version).toBe(from);
  // No value of the configuration is told.
  expect(JSON.stringify(configuration)).not.toMatch(/secret|alice|eve|staff|hub\.example|127\.0\.0\.1|xxx/);
  return {
    version,
    configuration: configurationSchema.parse(configuration),
    database: {
      rows: database?.rows ?? {},
      servers: Array.from({ length: database?.servers ?? 0 }),
      unsafe_server_names: database?.unsafe_server_names ?? 0,
    },
  } as unknown as Facts;
}

describe.each(CASES)('$from to $to: $title', (each) => {
  test('is advised', async () => {
    const advice = adviceFor(await look(each), each.to, []);
    expect(Object.fromEntries(advice.map(({ id, seen }) => [id, seen]))).toEqual(each.says);
  });
});

test('every rule was seen to hold, and for the same releases not to, unless it is for all', () => {
  for (const { id, when } of RULES) {
    const same = CASES.filter(({ says }) => id in says).flatMap(({ from, to }) =>
      CASES.filter((other) => other.from === from && other.to === to),
    );
    expect(
      same.some(({ says }) => id in says),
      `${id} holds`,
    ).toBe(true);
    const silent = CASES.some(({ from, says }) => !(id in says) && same.some((other) => other.from === from));
    expect(silent, `${id} does not hold`).toBe(when.length > 0);
  }
});
