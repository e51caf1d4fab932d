import { expect, it } from 'vitest';
import { html } from './html.ts';

it('escapes text for elements and for attributes', () => {
  const text = `<script>alert("1" + '2') && 3</script>`;
  const escaped = '&lt;script&gt;alert(&quot;1&quot; + &#39;2&#39;) &amp;&amp; 3&lt;/script&gt;';
  expect(html`<p title="${text}">${text}</p>`.html).toBe(`<p title="${escaped}">${escaped}</p>`);
});

it('takes markup as it is, one piece or many', () => {
  const items = ['a', '<'].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}${html`<br>`}</ul>`.html).toBe('<ul><li>a</li><li>&lt;</li><br></ul>');
});
