import type { Phrases } from './phrases.ts';

export const ja: Phrases = {
  subject: (service) => `${service} のパスワードが変更されました`,
  changed: (service) => `${service} のアカウントのパスワードが変更されました。`,
  when: '日時',
  address: 'IP アドレス',
  client: '端末（自己申告）',
  unknown: '不明',
  wasYou: 'ご本人による変更であれば、何もする必要はありません。',
  wasNotYou: 'お心当たりがない場合は、次のリンクを開いてください。',
  button: '変更していません（アカウントを停止）',
  copy: 'ボタンが使えない場合は、次のアドレスを開いてください。',
  effect:
    'アカウントは直ちに停止され、すべてのセッションが終了し、すべてのサービスでアカウントのキーが無効になります。パスワードを持つ人でも、これを取り消すことはできません。',
  until: (time) => `リンクの有効期限：${time}`,
  note: (service) => `${service} からのメッセージ：`,
  why: (service) =>
    `このメールは、${service} にアカウントをお持ちの方へ、パスワードが変更されるたびにお送りしています。配信を止めることはできません。`,
};
