import type { Inputs } from '../../inputs.ts';
import { commandLine } from '../command.ts';
import type { Facts } from '../facts.ts';
import type { Service } from './index.ts';

/** Seconds after which a command that has not returned is not waited for any more. A busy hub takes a minute to stop. */
const COMMAND_LIMIT = 120;

/** The hub is stopped and started by the user's own commands. Host side: src/host/services/commands.sh. */
export function commands(facts: Facts, inputs: Inputs): Service {
  const { stopCommand = '', startCommand = '' } = inputs.hub;
  const command = (text: string) => [{ as: facts.user, run: commandLine('/bin/sh', '-c', text) }];
  return {
    parameters: {
      ...{ SERVICE_MANAGER: 'commands', UNIT: '', STOP_COMMAND: stopCommand, START_COMMAND: startCommand },
      COMMAND_LIMIT: String(COMMAND_LIMIT),
    },
    needs: [],
    commands: { stop: command(stopCommand), start: command(startCommand) },
    guarantees: [
      'The upgrade on the host goes on when the runner or the connection is lost; a watchdog starts it again if it is killed.',
    ],
    warnings: [
      'Nothing keeps somebody else from starting the hub between stop and start, as systemd could.',
      'If the host is rebooted in the middle, the hub may stay down until the post step or the next run has finished the job.',
    ],
    blockers:
      stopCommand === '' || startCommand === ''
        ? ['The hub is no systemd unit: give `stop-command` and `start-command`.']
        : [],
    state:
      facts.service.pid === undefined ? { running: false, reason: 'no process of it was found' } : { running: true },
    endsProcesses: { fate: 'not known', reason: 'it depends on what stop-command ends besides the hub' },
  };
}
