import type { Inputs } from '../../inputs.ts';
import { commandLine } from '../command.ts';
import type { Facts } from '../facts.ts';
import type { Service } from './index.ts';

/** The hub is a systemd unit. Host side: src/host/services/systemd.sh. */
export function systemd(facts: Facts, inputs: Inputs): Service {
  const { properties } = facts.service;
  const unit = inputs.hub.service;
  const blockers: string[] = [];
  if (facts.uid !== 0) {
    blockers.push(
      `Stopping and starting ${unit} needs root: let the SSH user run sudo without a password (become: sudo), or log in as root.`,
    );
  }
  const systemctl = (...words: string[]) => ({ as: facts.user, run: commandLine('systemctl', ...words) });
  const start = systemctl('start', unit);
  const endsAll = properties.KillMode === 'control-group' || properties.KillMode === 'mixed';
  return {
    parameters: { SERVICE_MANAGER: 'systemd', UNIT: unit, STOP_COMMAND: '', START_COMMAND: '' },
    needs: [],
    commands: {
      // The fence comes and goes with a drop-in of the unit.
      stop: [systemctl('daemon-reload'), systemctl('stop', unit)],
      start: [systemctl('reset-failed', unit), start],
      confirm: [systemctl('daemon-reload'), start],
    },
    guarantees: [
      `Between stop and start nothing else can start ${unit}: a condition in a drop-in keeps it down.`,
      'The upgrade on the host is a systemd unit of its own: it goes on when the runner or the connection is lost, and is started again if it is killed.',
      'If the host is rebooted in the middle, the hub stays down until that unit, which every boot starts, has put the old hub back or finished the new one.',
    ],
    warnings: [],
    blockers,
    state: stateOf(properties),
    ...(endsAll
      ? { endsProcesses: { fate: 'ends', reason: `KillMode=${properties.KillMode} ends all that ${unit} started` } }
      : {}),
  };
}

function stateOf(properties: Record<string, string>): Service['state'] {
  const { ActiveState = 'unknown', SubState = '', Result = '', NRestarts = '0' } = properties;
  if (ActiveState === 'active') return { running: true };
  if (SubState === 'auto-restart' || ActiveState === 'activating') {
    return { running: false, reason: `it is in a restart loop (${NRestarts} restarts, last result: ${Result})` };
  }
  return { running: false, reason: `it is ${ActiveState} (${SubState}, result: ${Result})` };
}
