/**
 * node memory.ts MEBIBYTES DIRECTORY: seals a bundle with a database of that size into a file, opens it and reads it
 * back, as a run does, and prints the most memory the process ever had, in MiB.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { readBundle } from '../../src/backup/bundle.ts';
import { createSealer } from '../../src/backup/seal.ts';
import { sealToFile } from '../../src/backup/seal-to-file.ts';
import { bundleHead, sampleManifest, TAR_END, tarHeader } from './samples.ts';

const [mebibytes = '', directory = ''] = process.argv.slice(2);
const MEBIBYTE = Buffer.alloc(1024 * 1024, 'SQLite');
const size = Number(mebibytes) * MEBIBYTE.length;

function* content() {
  for (let n = 0; n < Number(mebibytes); n++) yield MEBIBYTE;
}

const hash = createHash('sha256');
for (const chunk of content()) hash.update(chunk);

const manifest = sampleManifest({ 'database/jupyterhub.sqlite': Buffer.alloc(0) });
for (const file of manifest.files) Object.assign(file, { size, sha256: hash.digest('hex') });

function* tar() {
  yield* bundleHead(manifest);
  yield tarHeader('database/jupyterhub.sqlite', { size });
  yield* content();
  yield TAR_END;
}

const recipients = [await identityToRecipient(await generateX25519Identity())];
const sealer = await createSealer({ kind: 'recipients', recipients });
const produce = (sink: NodeJS.WritableStream) => pipeline(Readable.from(tar(), { objectMode: false }), sink);
const sealed = await sealToFile(produce, { sealer, parent: directory, name: 'backup.tar.age' });

let read = 0;
for await (const entry of readBundle(await sealer.open(createReadStream(sealed.path)))) {
  for await (const chunk of entry.content) read += (chunk as Buffer).length;
}
await sealed.remove();
if (read !== size) throw new Error(`${read} of ${size} bytes came back`);
console.log(Math.round(process.resourceUsage().maxRSS / 1024));
