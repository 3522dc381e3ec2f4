import { chmodSync, linkSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { announcementHtml } from '../../src/notify/message.ts';
import { copyPrograms, SHELLS } from './programs.ts';
import { runProgram, temporaryDirectory } from './support.ts';

const PAGE = `<html>
  {%- block announcement -%}
  {% if announcement %}<div>{{ announcement }}</div>{% endif %}
  {%- endblock -%}
  {% block announcement %}again{% endblock %}
`;

const scratch = temporaryDirectory();

describe.each(SHELLS)('notice.sh with %s', (shell) => {
  const programs = copyPrograms(scratch, shell);
  let directory: string;
  let template: string;
  let notice: string;
  beforeEach(() => {
    directory = mkdtempSync(join(programs.directory, '..', 'templates '));
    template = join(directory, 'page.html');
    notice = join(directory, 'notice');
    writeFileSync(template, PAGE);
    chmodSync(template, 0o640);
    writeFileSync(notice, 'back soon\n');
  });
  const run = (...args: string[]) => runProgram(programs.command('notice.sh', ...args));
  const put = () => run('put', template, notice);
  const withdraw = () => run('withdraw', template);
  const identity = () => {
    const { ino, mode, mtimeMs, uid, gid, nlink } = statSync(template);
    return { ino, mode, mtimeMs, uid, gid, nlink, content: readFileSync(template, 'utf8') };
  };

  it('stands in the first announcement block, and the very same file comes back', async () => {
    const before = identity();
    expect(await put()).toEqual({ status: 0, stdout: '', stderr: '' });
    const lines = PAGE.split('\n');
    expect(readFileSync(template, 'utf8')).toBe([...lines.slice(0, 2), 'back soon', ...lines.slice(2)].join('\n'));
    const { ino, mode, uid, gid } = identity();
    expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
    expect(ino).not.toBe(before.ino);
    expect(await withdraw()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(identity()).toEqual(before);
    expect(readdirSync(directory).sort()).toEqual(['notice', 'page.html']);
  });

  it('may be put and withdrawn again and again', async () => {
    const before = identity();
    await put();
    writeFileSync(notice, 'back later\n');
    expect((await put()).status).toBe(0);
    expect(readFileSync(template, 'utf8')).toContain('back later');
    expect(readFileSync(template, 'utf8')).not.toContain('back soon');
    for (const _ of [1, 2]) expect((await withdraw()).status).toBe(0);
    expect(identity()).toEqual(before);
  });

  it.each([
    '{% block announcement %}',
    '{%block announcement%}',
    '{%- block announcement -%}',
    '<p>{%   block announcement   %}',
  ])('finds the block in %j', async (line) => {
    writeFileSync(template, `a\n${line}\nb\n`);
    expect((await put()).status).toBe(0);
    expect(readFileSync(template, 'utf8')).toBe(`a\n${line}\nback soon\nb\n`);
  });

  it.each(['', 'no block\n', '{% block announcements %}\n', '{# block announcement #}\n'])(
    'refuses a page like %j and leaves it',
    async (page) => {
      writeFileSync(template, page);
      const before = identity();
      const { status, stderr } = await put();
      expect([status, stderr]).toEqual([1, `${template} has no announcement block\n`]);
      expect(identity()).toEqual(before);
      expect((await withdraw()).status).toBe(0);
      expect(readdirSync(directory).sort()).toEqual(['notice', 'page.html']);
    },
  );

  it('does not call it put when the notice cannot be read', async () => {
    const before = identity();
    expect((await run('put', template, join(directory, 'missing'))).status).not.toBe(0);
    expect(identity()).toEqual(before);
  });

  it('withdraws what a put that was cut left behind', async () => {
    const before = identity();
    linkSync(template, `${template}.before-jupyterhub-upgrade`);
    writeFileSync(`${template}.new`, 'half');
    expect(await withdraw()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(identity()).toEqual(before);
    expect(readdirSync(directory).sort()).toEqual(['notice', 'page.html']);
    linkSync(template, `${template}.before-jupyterhub-upgrade`);
    expect((await put()).status).toBe(0);
    expect((await withdraw()).status).toBe(0);
    expect(identity()).toEqual(before);
  });

  it('shows any message byte for byte, and changes nothing else of the page', async () => {
    const hostile = [
      '{% endblock %}{{ config }}',
      '& \\1 \\& $0',
      "'; touch x; '",
      '\\n\\t\\0',
      '<script>',
      '%s%n',
      '/etc/passwd',
    ];
    const messages = [...hostile, ...fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), 15)];
    for (const message of messages) {
      const html = announcementHtml(message);
      for (const text of [html, message.replaceAll(/[\n\0]/g, ' ')]) {
        writeFileSync(notice, `${text}\n`);
        await put();
        const lines = PAGE.split('\n');
        expect(readFileSync(template, 'utf8')).toBe(
          Buffer.from([...lines.slice(0, 2), text, ...lines.slice(2)].join('\n')).toString(),
        );
        await withdraw();
      }
    }
    expect(readFileSync(template, 'utf8')).toBe(PAGE);
  });
});
