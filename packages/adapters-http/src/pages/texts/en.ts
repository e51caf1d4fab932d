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
      'The account stays locked until it is opened by a link that is mailed to you.',
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
    recover: {
      title: 'Get it back yourself',
      lead: 'When nobody else has your mailbox any more, you can open the account again. A mail with a link goes to the address that the account had before all this.',
      button: 'Get my account back',
      done: {
        title: 'A mail is on its way',
        paragraphs: [
          'Its link lets you choose a new password, and opens the account. It works for a day.',
          'It goes to the address that the account had before somebody else had it.',
        ],
      },
    },
  },
  grant: {
    password: 'Password',
    nothingYet: 'Nothing has happened yet.',
    next: 'What happens next',
    register: {
      effects: [
        'The account is made, with this e-mail address and your password.',
        'A mail tells you that it was made.',
      ],
      done: 'Your account is ready',
      after: (service) =>
        `You can sign in at ${service} now, with this e-mail address and your password.`,
    },
    register_known: {
      effects: [
        'Your account can be used there as well. Its name and its password stay as they are.',
      ],
      done: 'You can use your account there',
      after: (service) => `Sign in at ${service} with the password that your account has.`,
    },
    reset_password: {
      effects: [
        'The old password stops working.',
        'Everyone is signed out, on every device.',
        'A mail tells you that the password was set.',
      ],
      done: 'Your new password is set',
      after: (service) => `Only the new password works from now on. Sign in at ${service} with it.`,
    },
    validate_email: {
      effects: ['The address counts as confirmed. Nothing else changes.'],
      done: 'Your address is confirmed',
      after: (service) =>
        `Mails from ${service} reach you at this address. You can close this page.`,
    },
    invite: {
      effects: [
        'You can sign in with this e-mail address and your password.',
        'A mail tells you that a password was set.',
      ],
      done: 'You can sign in now',
      after: (service) => `Use this e-mail address and your password at ${service}.`,
    },
    recover: {
      effects: [
        'The account is open again, with the new password. Passwords from before stay out.',
        'Keys and second factors of the account are gone. You make them anew.',
        'A mail tells you that the account is open.',
      ],
      done: 'Your account is open again',
      after: (service) =>
        `Sign in at ${service} with the new password. Keys and second factors have to be made anew.`,
    },
  },
  used: {
    title: 'This link was used already',
    at: (time) => `It was used, or another link took its place, at this time: ${time}.`,
    again: 'If you still need one, ask for a new link where you asked for this one.',
    open: 'The account is not locked. If you did not open it again yourself, use the link of the latest mail about it, or ask the service to lock it.',
    lockedSince: (time) => `It has been locked since ${time}.`,
    lockedRest: 'Nobody can sign in to it, and there is nothing left to do with this link.',
  },
  help: 'Questions? This is where you find help:',
  start: {
    title: (service) => `Accounts at ${service}`,
    lead: (service) =>
      `This server keeps the passwords of ${service}. Here you can look after yours.`,
    docs: 'Documentation for developers',
  },
  forgot: {
    title: 'Forgot your password?',
    lead: (service) =>
      `Tell us the e-mail address of your account at ${service}. We send you a link with which you set a new password.`,
    button: 'Send me the link',
    done: {
      title: 'Please look into your mailbox',
      paragraphs: [
        'If this address has an account here, a mail with a link is on its way.',
        'If nothing arrives, look among the unwanted mails, and check that the address is the one of your account.',
        'The old password works until you use the link.',
      ],
    },
  },
  dead: {
    title: 'This link no longer works',
    paragraphs: [
      'It has expired, the password or the address was changed since, or a part of it is missing.',
      'Open the link in the mail once more, in full. If you asked for it and still need it, ask for a new one.',
      'If the mail told you of something that you did not do, ask the service to lock the account.',
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
    code: 'Code of your app',
    codeHint:
      'If your account takes one: six digits of your authenticator app, or a recovery code.',
    done: {
      title: 'Your password is changed',
      paragraphs: [
        'From now on only the new one works, and your other devices are signed out.',
        'A mail about the change is on its way to you. You can close this page.',
      ],
    },
  },
  passkeys: {
    title: 'Your passkeys',
    lead: (service) =>
      `Sign in to ${service} with your device instead of a password: by its PIN, your fingerprint or your face.`,
    needsScript:
      'This page needs JavaScript. Please turn it on for this site and load the page again.',
    cannot: 'This browser knows no passkeys. A newer one does.',
    withPasskey: 'Sign in with a passkey',
    orPassword: 'Or with your password:',
    withPassword: 'Sign in',
    code: 'Code of your app, or a recovery code',
    none: 'This account has no passkey yet.',
    name: 'Name of the new passkey',
    add: 'Add a passkey',
    leave: 'Sign out',
    says: {
      welcome: 'You are signed in as {email}.',
      added: 'The passkey was added. A mail about it is on its way to you.',
      removed: 'The passkey was removed. A mail about it is on its way to you.',
      remove: 'Remove {name}',
      used: 'used last on {day}',
      never: 'never used so far',
      unknown: 'This passkey does not sign you in here.',
      credentials: 'The e-mail address or the password is not right.',
      code: 'The code is not right.',
      cancelled: 'Nothing was done: the device did not answer, or you cancelled.',
      many: 'No passkey can be added now. An account has 20 at most.',
    },
  },
  script: {
    factor: 'Your account takes a code as well. Please enter it.',
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
      used_before: 'You had this password before. Please choose another.',
    },
    credentials: 'The e-mail address or the current password is not right.',
    credentialsOrCode: 'The e-mail address, the current password or the code is not right.',
    wait: 'That was tried too often. Please try again in {time}.',
    later: 'This is not possible right now. Nothing was changed. Please try again in a minute.',
    offline: 'No answer came. Please check your connection and log in to see which password works.',
  },
};
