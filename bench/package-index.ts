import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemPython } from './hub/environments.ts';
import { run } from './hub/run.ts';

/** A package index on loopback (PEP 503 and 658) that serves the wheels of a directory. */
export interface PackageIndex {
  /** For `UV_DEFAULT_INDEX`. */
  readonly url: string;
  /** Names of the wheels that were asked for as a whole. */
  readonly downloads: string[];
  /** From now on it has pages, digests and metadata, but hands out no wheel. */
  withhold(): void;
  close(): Promise<void>;
}

const METADATA = `
import json, sys, zipfile
found = {}
for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as wheel:
        [name] = [each for each in wheel.namelist() if each.endswith(".dist-info/METADATA")]
        found[path] = wheel.read(name).decode()
print(json.dumps(found))
`;

/** Serves what is in the directory now. */
export async function startPackageIndex(directory: string): Promise<PackageIndex> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.whl'));
  const paths = files.map((name) => join(directory, name));
  const metadata: Record<string, string> = JSON.parse(await run(systemPython, ['-c', METADATA, ...paths]));
  const digests = new Map(
    await Promise.all(files.map(async (name) => [name, await sumOf(join(directory, name))] as const)),
  );
  const downloads: string[] = [];
  let isWithheld = false;

  const page = (project: string) =>
    files
      .filter((name) => (name.split('-', 1)[0] ?? '').replaceAll(/[-_.]+/g, '-').toLowerCase() === project)
      .map(
        (name) =>
          `<a href="/files/${encodeURIComponent(name)}#sha256=${digests.get(name)}" data-core-metadata="true">${name}</a>`,
      )
      .join('\n');
  const answer = async (path: string, response: ServerResponse) => {
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    const [, file = '', isMetadata] = /^\/files\/(.*?\.whl)(\.metadata)?$/.exec(path) ?? [];
    const links = project === undefined ? '' : page(project);
    if (links !== '') return response.writeHead(200, { 'content-type': 'text/html' }).end(links);
    if (!files.includes(file)) return response.writeHead(404).end();
    if (isMetadata) return response.writeHead(200).end(metadata[join(directory, file)]);
    downloads.push(file);
    if (isWithheld) return response.writeHead(404).end();
    return pipeline(createReadStream(join(directory, file)), response.writeHead(200));
  };
  const server = createServer((request, response) => {
    void Promise.resolve(answer(decodeURIComponent(request.url ?? ''), response)).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    downloads,
    withhold() {
      isWithheld = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function sumOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
