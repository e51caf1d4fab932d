import {
  type CommonWords,
  type GrantWords,
  type Html,
  html,
  type Language,
  type LockWords,
  type NoticeWords,
} from '@rekey/wording';
import type { MailWords } from './mail-words.ts';

/** The words that all mails share, in one language. */
type Words = CommonWords & MailWords;

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
/** Of the button that locks an account, whatever the operator's colour is. */
const DANGER = '#b3261e';

/** The name of the device, and small behind it what the client said. */
const DEVICE = html`{{device}}{{#client}}<br>
<span class="quiet" style="font-size:13px;line-height:18px;color:#5b5b66;">{{client}}</span>{{/client}}`;

const effectOf = ({ effect }: Words, { besides }: LockWords): string =>
  besides === undefined ? effect : `${effect} ${besides}`;

/** What a mail asks its reader to do, as text: a link stands alone on its line, so nothing sticks to it. */
function actionOf(words: Words, notice: NoticeWords): readonly string[] {
  if ('next' in notice) return [notice.next('{{service}}')];
  const until = words.until('{{until}}');
  return 'report' in notice
    ? [words.wasYou, words.wasNotYou, '{{link}}', effectOf(words, notice), until]
    : [notice.ask('{{service}}'), '{{link}}', notice.effect, until, notice.unless];
}

/** The template of a mail's text: paragraphs of one line each, which the reader's client wraps. */
export function textOf(words: Words, notice: NoticeWords): string {
  return `${notice.happened('{{service}}')}

${words.account}: {{account}}
{{#newemail}}${words.newEmail}: {{newemail}}
{{/newemail}}{{#factor}}${words.factor}: {{factor}}
{{/factor}}{{#key}}${words.key}: {{key}}
{{/key}}{{#expires}}${words.expires}: {{expires}}
{{/expires}}${words.when}: {{when}}
${words.address}: {{address}}
${words.client}: {{device}}{{#client}} · {{client}}{{/client}}

${actionOf(words, notice).join('\n\n')}

{{#note}}${words.note('{{service}}')}
{{note}}

{{/note}}{{#support}}${words.help}
{{support}}

{{/support}}${notice.why('{{service}}')}
`;
}

/**
 * The template of a mail's HTML: tables and attributes, which old clients understand; colours for dark mode; nothing
 * remote. A client that drops the style element shows the light colours.
 */
export function htmlOf(language: Language, words: Words, notice: NoticeWords): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${notice.subject('{{service}}')}</title>
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
{{#logo}}<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;">
<tr>
<td align="left" style="padding:0 28px 16px;"><img src="{{logo}}" alt="{{brand}}" height="36" style="display:block;height:36px;border:0;"></td>
</tr>
</table>
{{/logo}}<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;">
<tr>
<td bgcolor="{{color}}" style="height:4px;font-size:0;line-height:4px;background-color:{{color}};border-radius:12px 12px 0 0;">&nbsp;</td>
</tr>
</table>
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="max-width:560px;background-color:#ffffff;border:1px solid #dcdce3;border-top:0;border-radius:0 0 12px 12px;">
<tr>
<td align="left" style="padding:28px 28px 12px;${FONT}font-size:16px;line-height:24px;">
<h1 class="text" style="margin:0 0 20px;font-size:20px;line-height:28px;font-weight:600;color:#1b1b1f;">${notice.happened('{{service}}')}</h1>
<table role="presentation" class="facts" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px;padding:12px 0 3px;border-top:1px solid #dcdce3;border-bottom:1px solid #dcdce3;${FONT}">
${fact(words.account, '{{account}}')}{{#newemail}}${fact(words.newEmail, '{{newemail}}')}{{/newemail}}{{#factor}}${fact(words.factor, '{{factor}}')}{{/factor}}{{#key}}${fact(words.key, '{{key}}')}{{/key}}{{#expires}}${fact(words.expires, '{{expires}}')}{{/expires}}${fact(words.when, '{{when}}')}${fact(words.address, '{{address}}')}${fact(words.client, DEVICE)}</table>
${actionIn(words, notice)}{{#note}}<p class="text" style="margin:0 0 20px;color:#1b1b1f;"><b>${words.note('{{service}}')}</b><br>
{{note}}</p>
{{/note}}{{#support}}<p class="text" style="margin:0 0 20px;color:#1b1b1f;">${words.help}<br>
<a class="text" href="{{support}}" style="color:#1b1b1f;">{{support}}</a></p>
{{/support}}</td>
</tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;">
<tr>
<td class="quiet" align="left" style="padding:16px 28px;${FONT}font-size:13px;line-height:20px;color:#5b5b66;">${notice.why('{{service}}')}</td>
</tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td>
</tr>
</table>
</body>
</html>
`.html;
}

const fact = (label: string, value: string | Html): Html => html`<tr>
<td class="quiet" style="padding:3px 0;font-size:14px;line-height:20px;color:#5b5b66;">${label}:</td>
</tr>
<tr>
<td class="text" style="padding:0 0 9px;font-size:16px;line-height:24px;color:#1b1b1f;overflow-wrap:anywhere;">${value}</td>
</tr>
`;

/** What a mail asks its reader to do, as HTML. */
function actionIn(words: Words, notice: NoticeWords): Html {
  if ('next' in notice) return paragraph(notice.next('{{service}}'));
  const until = paragraph(words.until('{{until}}'));
  return 'report' in notice
    ? html`${paragraph(words.wasYou)}${request(words.wasNotYou)}${button(words.button, DANGER)}${under(words)}${paragraph(effectOf(words, notice))}${until}${copyOf(words)}`
    : html`${request(notice.ask('{{service}}'))}${button(notice.button, '{{color}}')}${under(words)}${paragraph(notice.effect)}${until}${copyOf(words)}${paragraph(notice.unless)}${refusal(notice)}`;
}

const paragraph = (text: string): Html =>
  html`<p class="text" style="margin:0 0 16px;color:#1b1b1f;">${text}</p>
`;
const request = (text: string): Html =>
  html`<p class="text" style="margin:0 0 16px;font-weight:600;color:#1b1b1f;">${text}</p>
`;

const button = (label: string, color: string): Html =>
  html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 8px;${FONT}">
<tr>
<td bgcolor="${color}" style="border-radius:8px;background-color:${color};mso-padding-alt:13px 22px;"><a href="{{link}}" style="display:inline-block;padding:13px 22px;color:#ffffff;font-size:16px;line-height:22px;font-weight:600;text-decoration:none;">${label}</a></td>
</tr>
</table>
`;

/** Says where the button leads. */
const under = ({ leads }: Words): Html =>
  html`<p class="quiet" style="margin:0 0 20px;font-size:14px;line-height:20px;color:#5b5b66;">${leads('{{host}}')}</p>
`;

const copyOf = ({ copy }: Words): Html =>
  html`<p class="quiet" style="margin:0 0 20px;font-size:14px;line-height:20px;color:#5b5b66;overflow-wrap:anywhere;">${copy}<br><a class="text" href="{{link}}" style="color:#1b1b1f;">{{link}}</a></p>
`;

/** A second way to the page, which has a button of that name. */
const refusal = ({ refuse }: GrantWords): Html | '' =>
  refuse === undefined
    ? ''
    : html`<p style="margin:0 0 20px;"><a class="text" href="{{link}}" style="display:inline-block;padding:10px 18px;border:1px solid #7b8696;border-radius:8px;color:#1b1b1f;font-weight:600;text-decoration:none;">${refuse}</a></p>
`;
