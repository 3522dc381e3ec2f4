import { describe, expect, it } from 'vitest';
import { DiscoveryProblem } from '../../src/hub/answers.ts';
import { parseFacts } from '../../src/hub/discovery.ts';
import type { Known } from '../../src/hub/known.ts';
import { raw, type Said, sampleFacts, sqliteFacts } from './samples.ts';

/** What a backup says of the hub that it is to be put back on. */
const known: Known = {
  ...{ run: 'https://example.org/run/1', user: 'jupyterhub', directory: '/srv/hub', environment: '/opt/hub' },
  python: '/opt/hub/bin/python',
  ...{ manager: 'pip', config: '/etc/hub/jupyterhub_config.py', database: '', address: 'http://127.0.0.1:8000/' },
};

const parse = (said: Said, isRestore = false) =>
  parseFacts(raw(said), 'jupyterhub.service', ...(isRestore ? [known] : []));

/** The problems of a discovery that cannot be used. */
function problems(said: Said, isRestore = false): string {
  try {
    parse(said, isRestore);
  } catch (error) {
    if (error instanceof DiscoveryProblem) return error.problems.join('\n');
  }
  return 'none';
}

describe('the database in the facts', () => {
  it('is a place that can be shown, and what the host programs found in it', () => {
    expect(sampleFacts().database).toMatchObject({
      ...{
        dialect: 'postgresql',
        path: '',
        url: 'postgresql+psycopg2://hub:***@localhost:5432/hub',
        host: 'localhost',
      },
      ...{ revision: '0eee8c825d24', size: 10 * 1024 * 1024, proof: 'scratch database' },
      ...{ hasArguments: false, argumentsUsable: true, onCommandLine: false },
    });
    expect(sampleFacts().database).not.toHaveProperty('loss');
    expect(sqliteFacts().database).toMatchObject({ dialect: 'sqlite', path: '/srv/hub/jupyterhub.sqlite', url: '' });
  });

  it('may have a size that its server does not tell', () => {
    const unknown = raw();
    const facts = JSON.parse(unknown.get('database-facts') ?? '') as Record<string, unknown>;
    unknown.set('database-facts', JSON.stringify({ ...facts, size: null }));
    expect(parseFacts(unknown, 'jupyterhub.service').database.size).toBe(0);
  });

  it('has to be read, unless it is a file that a restore puts back', () => {
    const gone = { raw: { 'database-facts': '', 'database-log': 'hubdb: The server cannot be reached.' } };
    expect(problems(gone)).toBe(
      'The database postgresql+psycopg2://hub:***@localhost:5432/hub could not be read: hubdb: The server cannot be reached.',
    );
    expect(problems(gone, true)).toContain('The server cannot be reached.');
    const file = { place: { dialect: 'sqlite', path: '/srv/hub.sqlite' }, ...gone };
    expect(problems(file)).toContain('The database /srv/hub.sqlite could not be read');
    expect(problems(file, true)).toBe('none');
  });

  it('on a server cannot be reached without the configuration, and what to do then is said', () => {
    const broken = { raw: { introspect: '', 'introspect-failed': 'NameError' } };
    expect(problems(broken, true)).toMatch(/NameError\nWithout it nobody can reach the database.*RESTORE\.txt/);
  });

  it.each<[string, Said]>([
    ['another backup than there is', { database: { backup: { format: 'tape', tool: null } } }],
    ['another proof', { database: { proof: 'trust me' } }],
    ['no number of rows', { database: { rows: { users: -1 } as never } }],
    ['endless sentences', { database: { problems: ['x'.repeat(5000)] } }],
    ['endless problems', { database: { problems: Array(1000).fill('x') } }],
    ['a dialect that is a command', { place: { dialect: '; reboot' } }],
    ['a loss without an end', { loss: { users: { count: 21, first: Array(21).fill('x') } } }],
  ])('is refused when it has %s', (_, said) => {
    expect(problems(said)).toMatch(/has another form than expected/);
  });
});
