import { duration } from '../report/text.ts';
import type { Facts } from './facts.ts';

/** What is in the way, or to be known, of a hub's surroundings: sentences. */
export interface Findings {
  blockers: string[];
  warnings: string[];
}

/** Seconds of difference between the clocks that are told, and those at which certificates and tokens are doubtful. */
const CLOCK_TOLD_S = 30;
const CLOCK_WRONG_S = 24 * 3600;

/** What of the host itself, beside the hub, would make an upgrade fail. */
export function checkSurroundings(facts: Facts): Findings {
  const findings = [checkClock(facts), checkPorts(facts), checkDatabaseAlone(facts)];
  return {
    blockers: findings.flatMap(({ blockers }) => blockers),
    warnings: findings.flatMap(({ warnings }) => warnings),
  };
}

function checkClock({ clockAhead = 0 }: Facts): Findings {
  const off = Math.abs(clockAhead);
  if (off < CLOCK_TOLD_S) return { blockers: [], warnings: [] };
  const sentence = `The clock of the host is ${duration(off)} ${clockAhead > 0 ? 'ahead of' : 'behind'} the runner's`;
  if (off < CLOCK_WRONG_S) {
    return { blockers: [], warnings: [`${sentence}: times in its logs are not those of this job.`] };
  }
  return {
    blockers: [
      `${sentence}: certificates, of the package index for example, may count as expired. Set it right ` +
        '(`timedatectl set-ntp true`).',
    ],
    warnings: [],
  };
}

function checkPorts({ neighbours, service }: Facts): Findings {
  const findings: Findings = { blockers: [], warnings: [] };
  for (const { port, pid, command } of neighbours.ports) {
    if (pid === 0) {
      findings.warnings.push(
        `The configuration says port ${port}, and nothing listens there: it was changed after the hub was started. The new ` +
          'hub will listen there.',
      );
    } else {
      const holder = pid === null ? 'a process of another user' : `the process ${pid} (${command})`;
      findings.blockers.push(
        `Port ${port}, which the configuration gives to the hub, is held by ${holder}: the new hub could not start. End it, ` +
          `or give ${service.user}'s hub another port.`,
      );
    }
  }
  return findings;
}

/** Two hubs on one database undo what each other does, and the second one would write to it while it is migrated. */
function checkDatabaseAlone({ database, neighbours, otherHubs }: Facts): Findings {
  const findings: Findings = { blockers: [], warnings: [] };
  for (const { pid, command } of neighbours.database) {
    if (otherHubs.some((hub) => hub.pid === pid)) {
      findings.blockers.push(
        `Another JupyterHub, the process ${pid}, has the database ${database.path} open, too. Stop it, or give it a ` +
          'database of its own: it would go on writing while this one is migrated.',
      );
    } else {
      findings.warnings.push(
        `The process ${pid} (${command}) has the database ${database.path} open, too. What it writes in the downtime is lost.`,
      );
    }
  }
  if (database.path === '' && otherHubs.length > 0) {
    const where = otherHubs.map(({ pid, directory }) => `process ${pid} in ${directory}`).join('; ');
    findings.warnings.push(
      `Another JupyterHub runs on this host (${where}). If it uses the same database, stop it first.`,
    );
  }
  const places = [...new Set(database.sessions.filter(({ own }) => own).map(({ from }) => from.replace(/:\d+$/, '')))];
  if (places.length > 1) {
    findings.warnings.push(
      `The hub's role has sessions on the database from several places (${places.slice(0, 10).join(', ')}). If another hub ` +
        'works on it, stop that first.',
    );
  }
  return findings;
}
