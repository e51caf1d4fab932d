import type { Texts } from './texts.ts';

export const en: Texts = {
  confirm: {
    title: 'Was this you?',
    close: 'You can close this page.',
    nothingYet: 'Nothing has happened yet. Only this button locks the account.',
    whatItDoes: 'What the button does',
    effects: [
      'Everyone is signed out, on every device.',
      'The password stops working, and so does every key of the account.',
      'The account stays locked until the service opens it for you again.',
    ],
  },
  locked: {
    title: 'Your account is locked',
    done: 'Everyone is signed out, the password no longer works, and every key of the account is revoked. Nobody can undo this with the password.',
    next: 'What to do now',
    reopen: 'The service can open the account for you again.',
    steps: [
      'If somebody may have got into your mailbox, change its password too.',
      'Wherever else you used the same password, change it there.',
    ],
  },
  dead: {
    title: 'This link no longer works',
    paragraphs: [
      'It was used already, it has expired, or a part of it is missing.',
      'If you pressed the button before, the account is locked and there is nothing left to do here.',
      'If you did not, open the link in the mail once more, in full. If that does not help, ask the service to lock the account.',
    ],
  },
  gone: {
    title: 'This account was deleted',
    paragraphs: [
      'The account that the mail is about does not exist any more: it was deleted, with everything that was kept about it.',
      'There is nothing to do here, and nobody can sign in to it.',
    ],
  },
  lost: {
    title: 'Please open the link once more',
    paragraphs: [
      'Your browser has not kept the link, or has forgotten it since. Nothing was done.',
      'Open the link in the mail once more. If this page comes back, allow cookies for this website, or open the link in another browser.',
    ],
  },
  foreign: {
    title: 'Please use the link in the mail',
    paragraphs: [
      'This request came from another website, so nothing was done.',
      'Open the link in the mail, and press the button on the page that it leads to.',
    ],
  },
  later: {
    title: 'Please try again in a moment',
    paragraphs: ['This is not possible right now, and nothing was done. The link stays good.'],
  },
  broken: {
    title: 'Something went wrong',
    paragraphs: ['This is our fault. Please go back and try once more in a minute.'],
    number: (id) => `If it happens again, tell the operator this number: ${id}`,
  },
  change: {
    title: 'Change your password',
    lead: (service) =>
      `For your account at ${service}. Your other devices are signed out, and you get a mail about the change.`,
    email: 'E-mail address',
    password: 'Current password',
    newPassword: 'New password',
    rule: 'At least {min} characters. Several words make a good one.',
    show: 'Show passwords',
    button: 'Change password',
    needsScript:
      'This page needs JavaScript. Please turn it on for this site and load the page again.',
    done: {
      title: 'Your password is changed',
      paragraphs: [
        'From now on only the new one works, and your other devices are signed out.',
        'A mail about the change is on its way to you. You can close this page.',
      ],
    },
  },
  script: {
    busy: 'Changing…',
    strengths: [
      'Far too easy to guess',
      'Easy to guess',
      'Could be stronger',
      'Hard to guess',
      'Very hard to guess',
    ],
    required: 'Please fill this in.',
    email: 'Please check the e-mail address.',
    reasons: {
      malformed: 'This password holds characters that are not valid. Please choose another.',
      too_short: 'Please use at least {min} characters.',
      too_long: 'Please use at most 128 characters.',
      common: 'Too many people use this password. Please choose another.',
      contains_email: 'The password must not hold the name of your e-mail address.',
      contains_service: 'The password must not hold the name of the service.',
      same_as_current: 'This is your current password. Please choose another.',
    },
    credentials: 'The e-mail address or the current password is not right.',
    wait: 'That was tried too often. Please try again in {time}.',
    later: 'This is not possible right now. Nothing was changed. Please try again in a minute.',
    offline: 'No answer came. Please check your connection and log in to see which password works.',
  },
};
