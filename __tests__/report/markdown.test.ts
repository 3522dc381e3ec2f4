import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { block, code, link, table, text } from '../../src/report/markdown.ts';

const html = (markdown: string): string => marked.parse(markdown, { gfm: true, async: false });

describe('markdown', () => {
  it('shows text as it is', () => {
    const value = 'a_b *c* `d` [e](f) <g> & 1|2 ~~h~~ $i$ \\ "j"';
    expect(html(text(value))).toBe('<p>a_b *c* `d` [e](f) &lt;g&gt; &amp; 1|2 ~~h~~ $i$ \\ &quot;j&quot;</p>\n');
  });

  it.each(['# a', '- a', '+ a', '1. a', '2) a', '> a', '=== a', '--- a', '    a'])('begins no block by %j', (value) => {
    expect(html(text(value))).toMatch(/^<p>[^<]*<\/p>\n$/);
  });

  it('shows code as it is, also in a table', () => {
    for (const value of ['a', '`', 'a`b', '``a', 'a|b', '\\', 'a\\|b', '<b>', '*a*', 'https://a.example']) {
      const cell = html(table(['x'], [[code(value)]])).match(/<td>(.*)<\/td>/)?.[1];
      const shown = cell
        ?.replaceAll(/<\/?code>/g, '')
        .replaceAll('&#124;', '|')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>');
      expect(shown?.replaceAll('\u200b', '')).toBe(value);
      expect(cell).toMatch(/^<code>.*<\/code>$/);
    }
  });

  it('links web addresses only', () => {
    expect(html(link('a](b', 'https://github.com/x?y=<z>#(1)'))).toBe(
      '<p><a href="https://github.com/x?y=%3Cz%3E#(1)">a](b</a></p>\n',
    );
    expect(html(link('![x](1)', 'https://github.com/x'))).toBe('<p><a href="https://github.com/x">![x](1)</a></p>\n');
    for (const address of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', ''])
      expect(link('a', address)).toBe('a');
  });

  it('keeps a block closed', () => {
    const page = html(block('sh', ['```', '<b>', '~~~', 'echo\u0000 \u001b[31m`````']));
    expect(page).toBe('<pre><code class="language-sh">```\n&lt;b&gt;\n~~~\necho `````\n</code></pre>\n');
  });
});
