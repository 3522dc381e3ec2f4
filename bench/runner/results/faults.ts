import { z } from 'zod';

const schema = z
  .strictObject({
    match: z.string().min(1),
    times: z.int().positive().default(1),
    delay: z.int().nonnegative().optional(),
    status: z.int().min(400).max(599).optional(),
    reset: z.literal(true).optional(),
    truncate: z.int().nonnegative().optional(),
    stall: z.int().nonnegative().optional(),
    corrupt: z.literal(true).optional(),
  })
  .refine(
    ({ status, reset, truncate, stall, corrupt }) =>
      [status, reset, truncate, stall, corrupt].filter((kind) => kind !== undefined).length <= 1,
    'a fault is one of status, reset, truncate, stall, corrupt',
  );

/**
 * What goes wrong with the next `times` requests whose `METHOD /path?query` contains `match`:
 * - `delay`: wait so many ms first (alone, or before one of the others)
 * - `status`: answer this status instead of doing anything
 * - `reset`: close the connection without an answer
 * - `truncate`: close it after so many bytes of the answer's body
 * - `stall`: fall silent after so many bytes of the answer's body; an upload is never answered
 * - `corrupt`: turn the first byte of the answer's body around
 */
export type Fault = z.input<typeof schema>;

/** The faults waiting to happen, first come first served. */
export class Faults {
  readonly #pending: z.output<typeof schema>[] = [];

  /** Returns what is wrong when `fault` is not a fault. */
  add(fault: unknown): string | undefined {
    const result = schema.safeParse(fault);
    if (!result.success) return z.prettifyError(result.error);
    this.#pending.push(result.data);
    return undefined;
  }

  /** The fault for this request, used up by one; nothing when it is to go well. */
  take(request: string): Fault | undefined {
    const fault = this.#pending.find(({ match, times }) => times > 0 && request.includes(match));
    if (fault) fault.times -= 1;
    return fault;
  }
}
