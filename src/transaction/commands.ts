import { type Command, commandLine } from '../hub/command.ts';
import { mintToken, ofJob } from '../hub/databases/commands.ts';
import { copyOf } from '../hub/environments/commands.ts';
import { type Facts, nameOf } from '../hub/facts.ts';
import { commandsOf } from '../hub/part.ts';
import type { Draft } from './document.ts';

/** What runs on the host in a step: that of the hub's parts, and what is the same for every hub. */
export function commandsIn(step: string, draft: Draft, migrates: boolean): Command[] {
  const { facts, migration, parts } = draft;
  const { environment, service } = facts;
  const { python } = environment;
  const ofParts = commandsOf(parts, step);
  if (step === 'begin') return beginning(facts);
  if (step === 'rehearse') return rehearsal(draft, migrates);
  if (step === 'announce') return announcement(draft);
  // Which servers run, for the look at them in verify.
  if (step === 'stop') return [ofJob(facts, 'facts'), ...ofParts];
  if (step === 'migrate' && migrates) {
    const config = facts.database.hasQuery && facts.database.path !== '' ? '$PROGRAMS/plain-url.py' : facts.configFile;
    const run = { as: service.user, run: commandLine(python, '-m', 'jupyterhub', 'upgrade-db', '-f', config) };
    return [...migration.hops.map((hop) => ({ ...run, mount: seen(environment, hop) })), run];
  }
  if (step !== 'verify') return ofParts;
  const health = (...words: string[]): Command => ({
    as: service.user,
    run: commandLine(python, '-I', '$PROGRAMS/health.py', ...words),
  });
  const { HEALTH_BASE: base = '', LIMIT_START: limit = '', CANARY_USER: canary = '' } = draft.parameters;
  return [
    health('wait', base, '--version', draft.to, '--timeout', limit),
    health('check', base, '--version', draft.to),
    ...ofParts,
    ...(canary === '' ? [] : [health('spawn', base, canary)]),
    health('servers', base, '$JOB/servers'),
  ];
}

/** In the place of the database a copy is meant, in a directory or a scratch database of its own. */
function rehearsal({ facts, migration, parameters, to }: Draft, migrates: boolean): Command[] {
  const { environment, service, configFile } = facts;
  const run = (...words: string[]) => commandLine(environment.python, ...words);
  const program = (name: string, ...words: string[]) => run(`$PROGRAMS/rehearsal/${name}`, ...words);
  const upgrade = run('-m', 'jupyterhub', 'upgrade-db', '-f', '$PROGRAMS/rehearsal/migration_config.py');
  const as = service.user;
  return [
    { as, mount: seen(environment), run: program('load.py', configFile) },
    { as, run: program('trial_hub.py', configFile, '$COPY', '$PRIVATE/before.json') },
    ...(migrates
      ? [...migration.hops, undefined].map((hop) => ({ as, mount: seen(environment, hop), run: upgrade }))
      : []),
    {
      as,
      mount: seen(environment),
      run: program(
        'trial.py',
        configFile,
        '$COPY',
        '$PRIVATE/after.json',
        '$PRIVATE/before.json',
        to,
        parameters.LIMIT_START ?? '',
      ),
    },
  ];
}

/** A copy of the environment in its place. */
function seen(environment: Facts['environment'], hop?: string): Command['mount'] & object {
  return { of: copyOf(environment, hop), at: environment.path };
}

/** The executor is a unit of systemd's, or a session of its own. */
function beginning({ uid, user, hasSystemd }: Facts): Command[] {
  if (uid !== 0 || !hasSystemd) {
    return [{ as: user, run: commandLine('setsid', '/bin/sh', '$PROGRAMS/executor.sh', 'watch', '$JOB') }];
  }
  const systemctl = (...words: string[]) => ({ as: user, run: commandLine('systemctl', ...words) });
  return [systemctl('daemon-reload'), systemctl('start', 'jupyterhub-upgrade-$JOB_ID.service')];
}

function announcement({ facts, inputs, parameters }: Draft): Command[] {
  const { template, user } = facts;
  const commands: Command[] = [];
  if (parameters.MINT_TOKEN) commands.push(mintToken(facts, inputs.verify.canaryUser));
  if (parameters.TEMPLATE_PATH && template) {
    const put = commandLine('/bin/sh', '$PROGRAMS/notice.sh', 'put', template.path, '$JOB/notice.html');
    commands.push({ as: nameOf(facts, template.uid), run: put });
  }
  const { command } = inputs.notify;
  if (command !== undefined) commands.push({ as: user, run: commandLine('/bin/sh', '-c', command) });
  return commands;
}
