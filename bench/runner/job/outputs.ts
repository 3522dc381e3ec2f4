import type { Job } from './job.ts';

/** The outputs that leave a job: empty ones count as not set, and one with anything masked in it is dropped. */
export function passOutputs(job: Job, outputs: ReadonlyMap<string, string>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of outputs) {
    if (value === '') continue;
    if (job.masker.mask(value) === value) passed[name] = value;
    else job.log.issue('Complete job', 'warning', `Skip output '${name}' since it may contain secret.`);
  }
  return passed;
}
