import { html } from '../html.ts';
import { languages } from './languages.ts';
import type { Phrases } from './phrases.ts';
import type { Part } from './template.ts';

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const BUTTON = '#b3261e';

/** The templates that Rekey brings along, as anybody could write them: one of each part for each language. */
export function builtInSources(): ReadonlyMap<string, Readonly<Record<Part, string>>> {
  return new Map(
    [...languages].map(([language, phrases]) => [
      language,
      {
        subject: phrases.subject('{{service}}'),
        text: textOf(phrases),
        html: htmlOf(language, phrases),
      },
    ]),
  );
}

/** Paragraphs of one line each, which the reader's client wraps; the link has a line of its own, so nothing sticks to it. */
function textOf(phrases: Phrases): string {
  return `${phrases.changed('{{service}}')}

${phrases.when}: {{when}}
${phrases.address}: {{address}}
${phrases.client}: {{client}}

${phrases.wasYou}

${phrases.wasNotYou}

{{link}}

${phrases.effect}

${phrases.until('{{until}}')}

{{#note}}${phrases.note('{{service}}')}
{{note}}

{{/note}}${phrases.why('{{service}}')}
`;
}

/**
 * Tables and attributes, which old clients understand; colours of its own for dark mode; no images, nothing remote.
 * Where a client drops the style element, the mail is light, and readable.
 */
function htmlOf(language: string, phrases: Phrases): string {
  const fact = (label: string, value: string) => html`<tr>
<td class="quiet" style="padding:3px 0;font-size:14px;line-height:20px;color:#5b5b66;">${label}:</td>
</tr>
<tr>
<td class="text" style="padding:0 0 9px;font-size:16px;line-height:24px;color:#1b1b1f;overflow-wrap:anywhere;">${value}</td>
</tr>
`;
  const paragraph = (text: string) =>
    html`<p class="text" style="margin:0 0 16px;color:#1b1b1f;">${text}</p>`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${phrases.subject('{{service}}')}</title>
<style>
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
.page { background-color: #131316 !important; }
.card { background-color: #1f1f24 !important; border-color: #3a3a42 !important; }
.facts { border-color: #3a3a42 !important; }
.text { color: #ececf1 !important; }
.quiet { color: #b4b4bf !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background-color:#f3f3f6;">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f3f6" style="background-color:#f3f3f6;">
<tr>
<td align="center" style="padding:24px 12px;">
<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="max-width:560px;background-color:#ffffff;border:1px solid #dcdce3;border-radius:12px;">
<tr>
<td align="left" style="padding:28px 28px 12px;${FONT}font-size:16px;line-height:24px;">
<h1 class="text" style="margin:0 0 20px;font-size:20px;line-height:28px;font-weight:600;color:#1b1b1f;">${phrases.changed('{{service}}')}</h1>
<table role="presentation" class="facts" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px;padding:12px 0 3px;border-top:1px solid #dcdce3;border-bottom:1px solid #dcdce3;${FONT}">
${fact(phrases.when, '{{when}}')}${fact(phrases.address, '{{address}}')}${fact(phrases.client, '{{client}}')}</table>
${paragraph(phrases.wasYou)}
<p class="text" style="margin:0 0 16px;font-weight:600;color:#1b1b1f;">${phrases.wasNotYou}</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px;${FONT}">
<tr>
<td bgcolor="${BUTTON}" style="border-radius:8px;background-color:${BUTTON};mso-padding-alt:13px 22px;"><a href="{{link}}" style="display:inline-block;padding:13px 22px;color:#ffffff;font-size:16px;line-height:22px;font-weight:600;text-decoration:none;">${phrases.button}</a></td>
</tr>
</table>
${paragraph(phrases.effect)}
${paragraph(phrases.until('{{until}}'))}
<p class="quiet" style="margin:0 0 20px;font-size:14px;line-height:20px;color:#5b5b66;overflow-wrap:anywhere;">${phrases.copy}<br><a class="text" href="{{link}}" style="color:#1b1b1f;">{{link}}</a></p>
{{#note}}<p class="text" style="margin:0 0 20px;color:#1b1b1f;"><b>${phrases.note('{{service}}')}</b><br>
{{note}}</p>
{{/note}}</td>
</tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;">
<tr>
<td class="quiet" align="left" style="padding:16px 28px;${FONT}font-size:13px;line-height:20px;color:#5b5b66;">${phrases.why('{{service}}')}</td>
</tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td>
</tr>
</table>
</body>
</html>
`.markup;
}
