import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announcementHtml, userMessage, verdictMessage } from '../../src/notify/message.ts';
import { oneLine } from '../../src/report/text.ts';
import { hostile } from '../report/hostile.ts';
import { samples } from '../report/samples.ts';

// Renders a page as the hub does, and reads it as a browser does. One JSON line in, one out.
const RENDERER = `
import html.parser, jinja2, json, sys

# The hub's own delimiters, and those an admin may have set by jinja_environment_options.
SETTINGS = [
    {},
    dict(line_statement_prefix='#', line_comment_prefix='##'),
    dict(line_statement_prefix='%', line_comment_prefix='#'),
    dict(block_start_string='<%', block_end_string='%>', variable_start_string='\${', variable_end_string='}'),
    dict(variable_start_string='[[', variable_end_string=']]', comment_start_string='(*', comment_end_string='*)'),
]

class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ''
    def handle_starttag(self, tag, attributes): self.tags.append([tag, attributes])
    def handle_endtag(self, tag): self.tags.append(['/' + tag, []])
    def handle_comment(self, data): self.tags.append(['comment', []])
    def handle_decl(self, data): self.tags.append(['declaration', []])
    def handle_pi(self, data): self.tags.append(['instruction', []])
    def unknown_decl(self, data): self.tags.append(['unknown', []])
    def handle_data(self, data): self.text += data

for line in sys.stdin:
    notice = json.loads(line)
    pages = []
    for setting in SETTINGS:
        start, end = setting.get('block_start_string', '{%'), setting.get('block_end_string', '%}')
        # As src/host/notice.sh puts it: on a line of its own after the beginning of the block.
        page = f"{start} block announcement {end}\\n{notice}\\n{start} endblock {end}\\n"
        environment = jinja2.Environment(autoescape=True, loader=jinja2.DictLoader({'page.html': page}), **setting)
        pages.append(environment.get_template('page.html').render())
    reader = Reader()
    reader.feed(notice)
    reader.close()
    print(json.dumps({'pages': pages, 'tags': reader.tags, 'text': reader.text}), flush=True)
`;

interface Rendered {
  pages: string[];
  tags: [tag: string, attributes: [string, string][]][];
  text: string;
}

describe('announcementHtml', () => {
  const directory = mkdtempSync(join(tmpdir(), 'jinja-'));
  let python: ChildProcess;
  let render: (notice: string) => Promise<Rendered>;

  beforeAll(() => {
    execFileSync('python3', ['-m', 'venv', directory]);
    execFileSync(join(directory, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', 'jinja2'], {
      stdio: 'pipe',
    });
    python = spawn(join(directory, 'bin/python'), ['-c', RENDERER], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (python.stdin === null || python.stdout === null) throw new Error('no pipes');
    const { stdin } = python;
    const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
    render = async (notice) => {
      stdin.write(`${JSON.stringify(notice)}\n`);
      return JSON.parse((await lines.next()).value ?? 'null');
    };
  });

  afterAll(async () => {
    const ended = once(python, 'exit');
    python.stdin?.end();
    await ended;
    rmSync(directory, { recursive: true });
  });

  it('looks like an announcement of the hub', () => {
    expect(announcementHtml('Save your work; back at 5 < 6')).toBe(
      '<div class="container text-center announcement alert alert-warning" role="status">Save your work; back at 5 &lt; 6</div>',
    );
  });

  it('is one line of bounded length', () => {
    const html = announcementHtml('{'.repeat(1_000_000));
    expect(html).not.toMatch(/[\r\n]/);
    expect(html.length).toBeLessThan(10_000);
  });

  it('comes through Jinja as it is, and is one element whose text is the message', async () => {
    const message = 'Upgrade {{ 7 * 7 }} {% endblock %} {# no #} <b>"now"</b> & don\'t panic: 100 % é 数';
    const { pages, tags, text } = await render(announcementHtml(message));
    expect(new Set(pages)).toEqual(new Set([`\n${announcementHtml(message)}\n`]));
    expect(tags.map(([tag]) => tag)).toEqual(['div', '/div']);
    expect(text).toBe(message);
  });

  it('lets no Jinja syntax and no tag through, whatever the message is', async () => {
    const attributes = [
      ['class', 'container text-center announcement alert alert-warning'],
      ['role', 'status'],
    ];
    await fc.assert(
      fc.asyncProperty(hostile, async (message) => {
        const html = announcementHtml(message);
        const { pages, tags, text } = await render(html);
        for (const page of pages) expect(page.trim()).toBe(html);
        expect(tags).toEqual([
          ['div', attributes],
          ['/div', []],
        ]);
        expect(text).toBe(oneLine(message));
      }),
      { numRuns: 300 },
    );
  });
});

describe('userMessage', () => {
  it('says how many servers end, where any do', () => {
    const told = (ending?: number) => userMessage('Soon.', { version: '', leadTime: 0, ending });
    expect([told(), told(0), told(1), told(12)]).toEqual([
      'Soon.',
      'Soon.',
      'Soon. The server that runs now ends with it.',
      'Soon. All 12 running servers end with it.',
    ]);
  });

  it('fills in what it knows and keeps the rest', () => {
    const template = '{version} comes in {lead-time}. {other} {{version}}';
    expect(userMessage(template, { version: '6.1.1', leadTime: 300 })).toBe('6.1.1 comes in 5 min. {other} {6.1.1}');
    expect(userMessage('in {lead-time}', { version: '', leadTime: 45 })).toBe('in 45 s');
    expect(userMessage('in {lead-time}', { version: '', leadTime: 0 })).toBe('in a moment');
  });

  it('fills in once: a value is no template', () => {
    expect(userMessage('{version}', { version: '{lead-time} $&', leadTime: 1 })).toBe('{lead-time} $&');
  });
});

describe('verdictMessage', () => {
  it('says the verdict, the step and where to read on, and nothing the host printed', () => {
    const message = verdictMessage(samples['rolled-back']);
    expect(message).toBe(
      '❌ Rolled back: hub.example.edu runs JupyterHub 4.1.6 as before, with its data. Users were without it for 9.1 s. ' +
        'Step that failed: migrate. https://github.com/example/hub/actions/runs/7700123',
    );
  });
});
