import { shellQuote } from '../ssh/quote.ts';
import { MANIFEST_NAME, type Manifest } from './manifest.ts';
import { type DatabaseFormat, databasePart } from './restore-database.ts';

/** What the text needs to know; the files and their sums stand in the manifest beside it. */
export type RestoreFacts = Pick<Manifest, 'createdAt' | 'runUrl' | 'host' | 'jupyterhub' | 'python' | 'service'> & {
  environment: Manifest['environment'];
  database: Pick<Manifest['database'], 'path' | 'url'>;
};

/**
 * RESTORE.txt of a bundle whose database is in that format: how to put the backup back with age, tar, the database's own
 * client, python3 and coreutils, without this action.
 * Indented lines are commands and can be run as they stand, from the directory the backup was unpacked in.
 */
export function restoreText(
  { createdAt, runUrl, host, jupyterhub, python, service, environment, database }: RestoreFacts,
  format: DatabaseFormat,
): string {
  const hubPython = environment.python ?? `${environment.path}/bin/python`;
  const place = {
    environment: '',
    system: 'PIP_BREAK_SYSTEM_PACKAGES=1 ',
    user: 'PIP_USER=1 PIP_BREAK_SYSTEM_PACKAGES=1 ',
  };
  const install = {
    pip: `${place[environment.place ?? 'environment']}${shellQuote(hubPython)} -m pip install -r environment/requirements.txt`,
    uv: `uv pip install --python ${shellQuote(hubPython)} -r environment/requirements.txt`,
    conda: `conda install -p ${shellQuote(environment.path)} --file environment/requirements.txt`,
  }[environment.manager];
  const unit = service.unit && shellQuote(service.unit);
  const stop = unit ? `    systemctl stop ${unit}` : '   Stop it the way it is always stopped on this host.';
  const start = unit ? `    systemctl start ${unit}` : '   Start it the way it is always started on this host.';
  const { check, section } = databasePart(format, database.url ?? '', hubPython);
  let number = 0;
  const step = (text: string) => {
    number += 1;
    return `${number}. ${text}`;
  };
  return `How to restore this backup by hand
==================================

JupyterHub ${jupyterhub.version} on ${host}, database revision ${jupyterhub.revision || 'none'}.
Taken ${createdAt} by ${runUrl}

Lines indented by four spaces are commands. Run them as root (or as the user who
owns the hub's files), in the directory where you unpacked the backup:

    umask 077

${step('You have opened the backup already, with the key of one of its recipients or')}
   with its passphrase:

   age -d -i key.txt -o backup.tar FILE.tar.age    # recipients
   age -d -o backup.tar FILE.tar.age               # passphrase
   tar -xf backup.tar

${step('Check that every file is what it was. Each line must end with OK:')}

    python3 -c 'import json; [print(f["sha256"] + "  " + f["file"]) for f in json.load(open("${MANIFEST_NAME}"))["files"]]' | sha256sum -c
    ${check}

${step('Stop the hub.')}

${stop}

${step('Write the commands that put the files back, with their modes and owners. What')}
   is there now stays beside it, named *.before-restore-<time>. Read them, then
   run them:

    python3 - >put-back.sh <<'END'
    import json, shlex, time
    aside = time.strftime(".before-restore-%Y%m%dT%H%M%S")
    for f in json.load(open("${MANIFEST_NAME}"))["files"]:
        if f["kind"] in ("environment", "service", "program") or "path" not in f:
            continue
        path = shlex.quote(f["path"])
        for suffix in ["", "-wal", "-shm", "-journal"] if f["kind"] == "database" else [""]:
            print("[ ! -e {0}{1} ] || mv -- {0}{1} {0}{1}{2}".format(path, suffix, aside))
        user, _, group = f["owner"].partition(":")
        owner = "-o " + shlex.quote(user) + (" -g " + shlex.quote(group) if group else "")
        print("install -D -m", f["mode"], owner, shlex.quote("./" + f["file"]), path)
    END
    cat put-back.sh
    sh -e put-back.sh
${
  section === undefined
    ? `
   The database goes to ${database.path}, without -wal and -shm files of another one beside it.`
    : `
${step(section)}`
}

${step(`The environment was ${environment.path}, Python ${python}. If it does not have`)}
   JupyterHub ${jupyterhub.version} any more, put its old directory back, or install what it had
   (environment/requirements.txt):

   ${install}

   The service ran as ${service.user} in ${service.workingDirectory}; its definition, if systemd had one,
   is in service/.

${step('Start the hub, log in, and look at the admin page.')}

${start}
`;
}
