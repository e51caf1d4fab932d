import { minPasswordLength, type Violation } from '@rekey/domain';
import { type Html, html } from '@rekey/wording';
import { type Setting, urlOf } from './layout.ts';
import { texts } from './texts/index.ts';

/** What a form says to its script, which knows how strong a new password is. */
export function meterOf(setting: Setting): Html {
  const { speech, options } = setting;
  const strengths = JSON.stringify(texts[speech.language].script.strengths);
  return html`data-name="${options.brandName}"
  data-meter="${urlOf(setting, 'zxcvbn-core.js')} ${urlOf(setting, 'zxcvbn-common.js')}"
  data-strengths="${strengths}"`;
}

export const minLength = ({ options }: Setting): string =>
  String(minPasswordLength[options.passwordPolicy]);

/** The field of a new password, with the rule of the policy; what needs a script is hidden until there is one. */
export function newPasswordField(setting: Setting, name: string, label: string, fault = ''): Html {
  const { change } = texts[setting.speech.language];
  const min = minLength(setting);
  const attributes = html`type="password" autocomplete="new-password" passwordrules="minlength: ${min};"`;
  const rule = change.rule.replace('{min}', min);
  return html`${field({ name, label, attributes, hint: rule, fault })}
<div id="strength" class="strength" hidden><span aria-hidden="true"></span><p role="status"></p></div>
<label class="show" hidden><input type="checkbox" id="show"> ${change.show}</label>`;
}

/** Why a new password is refused, in words. */
export function reasonOf(violations: readonly Violation[], setting: Setting): string {
  const { reasons } = texts[setting.speech.language].script;
  const known = violations.map(({ code }) => (reasons as Record<string, string>)[code]);
  const reason = known.find((text) => text !== undefined) ?? reasons.malformed;
  return reason.replace('{min}', minLength(setting));
}

export function field(of: {
  readonly name: string;
  readonly label: string;
  readonly attributes: Html;
  readonly isOptional?: true;
  readonly hint?: string;
  readonly fault?: string;
}): Html {
  const { name, label, attributes, isOptional, hint, fault = '' } = of;
  const ids = hint === undefined ? `${name}-fault` : `${name}-hint ${name}-fault`;
  const isFaulty = fault === '' ? '' : html` aria-invalid="true" autofocus`;
  return html`<div class="field">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}"${isOptional ? '' : ' required'} ${attributes} aria-describedby="${ids}"${isFaulty}>
${hint === undefined ? '' : html`<p id="${name}-hint" class="quiet">${hint}</p>\n`}<p id="${name}-fault" class="fault">${fault}</p>
</div>`;
}
