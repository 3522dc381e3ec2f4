/**
 * How each step of the transaction is broken, as POSIX sh for `sabotageNextJob`: the step does its work first and fails
 * then, so that there is something to undo.
 */
const WORK: Record<string, Record<string, string>> = {
  stop: { stop: 'service_fence && service_stop' },
  snapshot: { snapshot: 'database_snapshot && note snapshot complete' },
  // The same step, under the name it has on a host that cannot stage.
  switch: { switch: 'environment_switch', install: 'environment_install' },
  migrate: { migrate: 'as_hub "$HUB_PYTHON" -m jupyterhub upgrade-db -f "$CONFIG_PATH"' },
  start: { start: 'service_unfence && service_start' },
  verify: { verify: 'wait_for_hub "$TARGET_VERSION" "$LIMIT_START"' },
};

/** The steps that the demo can break. */
export const breakableSteps = Object.keys(WORK);

/** The definitions that break a step. */
export function breaking(step: string): string {
  return Object.entries(WORK[step] ?? {})
    .map(([name, work]) => `do_${name}() {\n${work}\nsay 'broken on purpose, after its work was done'\nreturn 1\n}\n`)
    .join('');
}
