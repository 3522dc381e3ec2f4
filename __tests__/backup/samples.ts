import { createHash } from 'node:crypto';
import type { Manifest } from '../../src/backup/manifest.ts';

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes in pieces of `size`, as a stream hands them over. */
export async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** What the files of `sampleManifest` contain. */
export const CONTENTS: Record<string, Buffer> = {
  'database/jupyterhub.sqlite': Buffer.from('SQLite format 3\0'.repeat(1000)),
  'config/1-jupyterhub_config.py': Buffer.from("c.JupyterHub.bind_url = 'http://:8000'\n"),
  'secret/2-cookie_secret': Buffer.alloc(0),
  'environment/requirements.txt': Buffer.from('jupyterhub==4.1.6\n'),
};

/** A valid manifest of `contents`, whose files belong below `root`. */
export function sampleManifest(contents = CONTENTS, root = '/srv/the hub'): Manifest {
  const files = Object.entries(contents).map(([file, content]) => ({
    file,
    path: `${root}/${file.replace(/^.*?\/(\d+-)?/, '')}`,
    kind: file.replace(/\/.*/, '') as Manifest['files'][number]['kind'],
    mode: '0640',
    owner: 'jupyterhub:www-data',
    size: content.length,
    sha256: sha256(content),
  }));
  return {
    format: 'jupyterhub-upgrade-backup',
    version: 1,
    createdAt: '2026-11-22T20:50:00.000Z',
    runUrl: 'https://github.com/acme/hub/actions/runs/77',
    host: 'hub.example.org',
    jupyterhub: { version: '4.1.6', revision: '833da8570507', address: 'http://127.0.0.1:8000/' },
    python: '3.11.2',
    service: { manager: 'systemd', unit: 'jupyterhub.service', user: 'jupyterhub', workingDirectory: root },
    environment: { path: '/opt/jupyterhub', manager: 'pip' },
    database: {
      dialect: 'sqlite',
      format: 'sqlite',
      path: `${root}/jupyterhub.sqlite`,
      file: 'database/jupyterhub.sqlite',
      mode: '0640',
      digest: {
        schema: sha256('schema'),
        tables: { users: { rows: 12, exact: sha256('users'), durable: sha256('users, durable') } },
      },
    },
    files,
  };
}

/** One tar entry written byte by byte, so that it can lie: `size` need not be that of `content`. */
export function tarEntry(
  name: string,
  content: string | Uint8Array = '',
  { type, size, link }: { type?: string; size?: number; link?: string } = {},
): Buffer {
  const body = Buffer.from(content);
  const header = tarHeader(name, { type, link, size: size ?? body.length });
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** The header alone, for contents that are streamed. */
export function tarHeader(
  name: string,
  { size, type = '0', link = '' }: { size: number; type?: string | undefined; link?: string | undefined },
): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** A PAX header (`type` x for the next entry, g for all that follow). */
export function paxEntry(records: Record<string, string>, type: 'x' | 'g' = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length;
    while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
    return length + rest;
  });
  return tarEntry('PaxHeaders/x', lines.join(''), { type });
}

export const TAR_END = Buffer.alloc(1024);

/** The manifest's entry and RESTORE.txt, which every bundle begins with. */
export function bundleHead(manifest: unknown = sampleManifest()): Buffer[] {
  return [tarEntry('manifest.json', JSON.stringify(manifest)), tarEntry('RESTORE.txt', 'How to restore')];
}

/** The entries of the sample's files, less those called `without`. */
export function sampleEntries(without: string[] = []): Buffer[] {
  return Object.entries(CONTENTS)
    .filter(([name]) => !without.includes(name))
    .map(([name, content]) => tarEntry(name, content));
}
