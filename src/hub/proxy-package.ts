import { z } from 'zod';

/** The package of the proxy that a hub starts, where it was looked for and found. */
export interface ProxyPackage {
  path: string;
  uid: number;
  gid: number;
  /** Of the directory around it. */
  parentUid: number;
  ofConda: boolean;
  /** The npm that its owner may trust, and the version of the node beside that; empty where there is none. */
  npm: string;
  node: string;
}

const id = z.coerce.number().int().nonnegative();

/** What discovery found of it. Throws ZodError for another form than expected. */
export function proxyFacts(raw: Map<string, string>): ProxyPackage {
  const get = (name: string) => raw.get(name) ?? '';
  const [uid, gid] = get('proxy-owner').split(' ');
  return {
    path: get('proxy-package'),
    ...{ uid: id.parse(uid), gid: id.parse(gid), parentUid: id.parse(get('proxy-parent-owner').split(' ')[0]) },
    ofConda: get('proxy-of-conda') !== '',
    ...{ npm: get('proxy-npm'), node: get('proxy-node').trim() },
  };
}
