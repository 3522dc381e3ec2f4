import { z } from 'zod';

const name = z.string().max(200);

/** By name: where it is set, and whether it is anything or how many entries it has. */
const traits = z.record(name, z.object({ where: name, value: z.union([z.boolean(), z.number().int().nonnegative()]) }));

/** What introspect_traits.py tells of a hub's configuration: what is set, and where; no value. */
export const configurationSchema = z.object({
  /** The hub, its authenticator, spawner and proxy. */
  components: z
    .array(
      z.object({
        /** Of the class and what it derives from, nearest first. */
        classes: z.array(name).max(500),
        /** The class is not one of JupyterHub's own. */
        foreign: z.boolean(),
        /** Methods of JupyterHub's classes that it has in a form of its own. */
        overrides: z.array(name).max(500),
        traits,
      }),
    )
    .max(10),
  /** What the configuration sets for other classes. */
  sections: z.record(name, traits),
  counts: z.record(name, z.number().int().nonnegative()),
  packages: z.record(name, z.string().max(64)),
});

export type Configuration = z.infer<typeof configurationSchema>;
