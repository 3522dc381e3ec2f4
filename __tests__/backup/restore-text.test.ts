import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../src/backup/manifest.ts';
import { restoreText } from '../../src/backup/restore-text.ts';
import { createSealer } from '../../src/backup/seal.ts';
import { age, ageKeygen } from './age.ts';
import { CONTENTS, collect, pieces, sampleManifest, TAR_END, tarEntry } from './samples.ts';
import { scratch } from './scratch.ts';

const asIs = (manifest: Manifest) => restoreText(manifest, 'sqlite');

/** The commands of the text, as somebody who follows it would run them. */
function commandsOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.startsWith('    '));
  return lines.map((line) => line.slice(4)).join('\n');
}

/** A real bundle, made for a host where everything lives below `root` and belongs to whoever runs the test. */
async function unpackedBundle(root: string): Promise<{ directory: string; manifest: Manifest }> {
  const directory = scratch();
  const database = join(directory, 'seed.sqlite');
  execFileSync('sqlite3', [database, "CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ada')"]);
  const manifest = sampleManifest({ ...CONTENTS, 'database/jupyterhub.sqlite': readFileSync(database) }, root);
  manifest.service = { ...manifest.service, manager: 'commands', unit: undefined };
  for (const file of manifest.files) file.owner = `${userInfo().uid}:${userInfo().gid}`;
  const text = asIs(manifest);
  const contents = { ...CONTENTS, 'database/jupyterhub.sqlite': readFileSync(database) };
  const tar = Buffer.concat([
    tarEntry('manifest.json', JSON.stringify(manifest)),
    tarEntry('RESTORE.txt', text),
    ...Object.entries(contents).map(([name, content]) => tarEntry(name, content)),
    TAR_END,
  ]);

  const key = await ageKeygen();
  const sealer = await createSealer({ kind: 'recipients', recipients: [key.recipient] });
  writeFileSync(join(directory, 'backup.tar.age'), await collect(await sealer.seal(pieces(tar))));
  writeFileSync(join(directory, 'key.txt'), key.identity);
  await age(
    '-d',
    '-i',
    join(directory, 'key.txt'),
    '-o',
    join(directory, 'backup.tar'),
    join(directory, 'backup.tar.age'),
  );
  const unpacked = join(directory, 'unpacked');
  mkdirSync(unpacked);
  execFileSync('tar', ['-C', unpacked, '-xf', join(directory, 'backup.tar')]);
  return { directory: unpacked, manifest };
}

test('Following the text with age, tar, sqlite3, python3 and coreutils restores everything', async () => {
  const root = join(scratch(), "the hub's own");
  const { directory } = await unpackedBundle(root);
  mkdirSync(root);
  for (const name of ['jupyterhub.sqlite', 'jupyterhub.sqlite-wal', 'jupyterhub.sqlite-shm']) {
    writeFileSync(join(root, name), 'of the failed upgrade');
  }

  const text = readFileSync(join(directory, 'RESTORE.txt'), 'utf8');
  const said = execFileSync('sh', ['-e', '-c', commandsOf(text)], { cwd: directory, encoding: 'utf8' });

  expect(said.match(/: OK$/gm)).toHaveLength(Object.keys(CONTENTS).length);
  expect(said).toMatch(/^ok$/m);
  const database = join(root, 'jupyterhub.sqlite');
  expect(execFileSync('sqlite3', [database, 'SELECT name FROM users'], { encoding: 'utf8' })).toBe('ada\n');
  expect(statSync(database).mode & 0o777).toBe(0o640);
  expect(readFileSync(join(root, 'jupyterhub_config.py'))).toEqual(CONTENTS['config/1-jupyterhub_config.py']);
  expect(existsSync(join(root, 'jupyterhub.sqlite-wal'))).toBe(false);
  expect(existsSync(join(root, 'requirements.txt'))).toBe(false);
  const aside = readdirSync(root).filter((name) => name.includes('.before-restore-'));
  expect(aside.map((name) => name.replace(/\.before.*/, '')).sort()).toEqual([
    'jupyterhub.sqlite',
    'jupyterhub.sqlite-shm',
    'jupyterhub.sqlite-wal',
  ]);
});

test('A damaged file stops the one who follows the text before anything is put back', async () => {
  const root = join(scratch(), 'hub');
  const { directory } = await unpackedBundle(root);
  writeFileSync(join(directory, 'config/1-jupyterhub_config.py'), 'changed');
  const commands = commandsOf(readFileSync(join(directory, 'RESTORE.txt'), 'utf8'));
  expect(() => execFileSync('sh', ['-e', '-c', commands], { cwd: directory, stdio: 'pipe' })).toThrow(/did NOT match/);
  expect(existsSync(root)).toBe(false);
});

test('A service of systemd is stopped and started by its unit, and a path is one word whatever is in it', () => {
  const manifest = sampleManifest(CONTENTS, '/srv/hub; rm -rf "$HOME"');
  manifest.environment.path = '/opt/$(reboot)';
  const text = asIs(manifest);
  expect(text).toContain("    systemctl stop 'jupyterhub.service'\n");
  expect(text).toContain("    systemctl start 'jupyterhub.service'\n");
  expect(text).toContain("   '/opt/$(reboot)/bin/python' -m pip install -r environment/requirements.txt\n");
  expect(commandsOf(text)).not.toContain('rm -rf');
});

test('Packages outside of any environment are put back where pip had them, by what runs the hub', () => {
  const manifest = sampleManifest();
  const environment = { path: '/home/hub/.local/lib/python3.11/site-packages', python: '/usr/bin/python3.11' };
  Object.assign(manifest.environment, { ...environment, place: 'user' });
  const command = "'/usr/bin/python3.11' -m pip install -r environment/requirements.txt";
  expect(asIs(manifest)).toContain(`   PIP_USER=1 PIP_BREAK_SYSTEM_PACKAGES=1 ${command}\n`);
  manifest.environment.place = 'system';
  expect(asIs(manifest)).toContain(`   PIP_BREAK_SYSTEM_PACKAGES=1 ${command}\n`);
});

test('The text tells what the backup is', () => {
  const text = asIs(sampleManifest());
  expect(text).toContain('JupyterHub 4.1.6 on hub.example.org, database revision 833da8570507.');
  expect(text).toContain('2026-11-22T20:50:00.000Z by https://github.com/acme/hub/actions/runs/77');
  expect(text.split('\n').filter((line) => line.length > 160)).toEqual([]);
});
