import type { Texts } from './texts.ts';

export const de: Texts = {
  confirm: {
    title: 'Waren Sie das?',
    close: 'Sie können diese Seite schließen.',
    nothingYet: 'Noch ist nichts geschehen. Erst diese Schaltfläche sperrt das Konto.',
    whatItDoes: 'Was die Schaltfläche bewirkt',
    effects: [
      'Alle werden abgemeldet, auf jedem Gerät.',
      'Das Passwort gilt nicht mehr, ebenso wenig die Schlüssel des Kontos.',
      'Das Konto bleibt gesperrt, bis es mit einem Link geöffnet wird, den Sie per E-Mail erhalten.',
    ],
  },
  locked: {
    title: 'Ihr Konto ist gesperrt',
    done: 'Alle sind abgemeldet, das Passwort gilt nicht mehr, und alle Schlüssel des Kontos sind widerrufen. Mit dem Passwort lässt sich das nicht rückgängig machen.',
    next: 'Was Sie jetzt tun sollten',
    reopen: 'Der Dienst kann das Konto wieder für Sie öffnen.',
    steps: [
      'Falls jemand in Ihr Postfach gelangt sein könnte, ändern Sie auch dessen Passwort.',
      'Wo Sie dasselbe Passwort sonst noch verwenden, ändern Sie es ebenfalls.',
    ],
    recover: {
      title: 'Holen Sie es selbst zurück',
      lead: 'Wenn niemand sonst mehr Zugang zu Ihrem Postfach hat, können Sie das Konto wieder öffnen. Eine E-Mail mit einem Link geht an die Adresse, die das Konto vor alledem hatte.',
      button: 'Mein Konto zurückholen',
      done: {
        title: 'Eine E-Mail ist unterwegs',
        paragraphs: [
          'Mit ihrem Link wählen Sie ein neues Passwort und öffnen das Konto. Er gilt einen Tag lang.',
          'Sie geht an die Adresse, die das Konto hatte, bevor jemand anderes es hatte.',
        ],
      },
    },
  },
  grant: {
    password: 'Passwort',
    nothingYet: 'Noch ist nichts geschehen.',
    next: 'Wie es weitergeht',
    register: {
      effects: [
        'Das Konto wird mit dieser E-Mail-Adresse und Ihrem Passwort angelegt.',
        'Eine E-Mail teilt Ihnen mit, dass es angelegt wurde.',
      ],
      done: 'Ihr Konto ist eingerichtet',
      after: (service) =>
        `Sie können sich jetzt bei ${service} mit dieser E-Mail-Adresse und Ihrem Passwort anmelden.`,
    },
    register_known: {
      effects: ['Ihr Konto lässt sich auch dort nutzen. Name und Passwort bleiben, wie sie sind.'],
      done: 'Sie können Ihr Konto dort nutzen',
      after: (service) =>
        `Melden Sie sich bei ${service} mit dem Passwort an, das Ihr Konto schon hat.`,
    },
    reset_password: {
      effects: [
        'Das alte Passwort gilt nicht mehr.',
        'Alle werden auf jedem Gerät abgemeldet.',
        'Eine E-Mail teilt Ihnen mit, dass das Passwort festgelegt wurde.',
      ],
      done: 'Ihr neues Passwort ist festgelegt',
      after: (service) =>
        `Ab jetzt gilt nur noch das neue Passwort. Melden Sie sich damit bei ${service} an.`,
    },
    validate_email: {
      effects: ['Die Adresse gilt als bestätigt. Sonst ändert sich nichts.'],
      done: 'Ihre Adresse ist bestätigt',
      after: (service) =>
        `Nachrichten von ${service} erreichen Sie unter dieser Adresse. Sie können diese Seite schließen.`,
    },
    invite: {
      effects: [
        'Sie können sich mit dieser E-Mail-Adresse und Ihrem Passwort anmelden.',
        'Eine E-Mail teilt Ihnen mit, dass ein Passwort festgelegt wurde.',
      ],
      done: 'Sie können sich jetzt anmelden',
      after: (service) => `Verwenden Sie bei ${service} diese E-Mail-Adresse und Ihr Passwort.`,
    },
    recover: {
      effects: [
        'Das Konto ist wieder offen, mit dem neuen Passwort. Frühere Passwörter gelten nicht.',
        'Schlüssel und zweite Faktoren des Kontos sind weg. Sie richten sie neu ein.',
        'Eine E-Mail teilt Ihnen mit, dass das Konto offen ist.',
      ],
      done: 'Ihr Konto ist wieder offen',
      after: (service) =>
        `Melden Sie sich bei ${service} mit dem neuen Passwort an. Schlüssel und zweite Faktoren müssen neu eingerichtet werden.`,
    },
  },
  used: {
    title: 'Dieser Link wurde schon benutzt',
    at: (time) => `Er wurde benutzt oder durch einen anderen ersetzt, und zwar am ${time}.`,
    again:
      'Wenn Sie noch einen brauchen, fordern Sie dort einen neuen an, wo Sie diesen angefordert haben.',
    open: 'Das Konto ist nicht gesperrt. Wenn Sie es nicht selbst wieder geöffnet haben, nutzen Sie den Link der letzten Nachricht dazu, oder bitten Sie den Dienst, es zu sperren.',
    lockedSince: (time) => `Es ist seit dem ${time} gesperrt.`,
    lockedRest: 'Niemand kann sich damit anmelden, und mit diesem Link ist nichts mehr zu tun.',
  },
  help: 'Fragen? Hilfe finden Sie hier:',
  start: {
    title: (service) => `Konten bei ${service}`,
    lead: (service) =>
      `Dieser Server verwahrt die Passwörter von ${service}. Hier kümmern Sie sich um Ihres.`,
    docs: 'Dokumentation für Entwickler',
  },
  forgot: {
    title: 'Passwort vergessen?',
    lead: (service) =>
      `Nennen Sie uns die E-Mail-Adresse Ihres Kontos bei ${service}. Wir schicken Ihnen einen Link, mit dem Sie ein neues Passwort festlegen.`,
    button: 'Link zuschicken',
    done: {
      title: 'Bitte sehen Sie in Ihr Postfach',
      paragraphs: [
        'Wenn es zu dieser Adresse hier ein Konto gibt, ist eine E-Mail mit einem Link unterwegs.',
        'Wenn nichts ankommt, sehen Sie bei den unerwünschten E-Mails nach, und prüfen Sie, ob die Adresse die Ihres Kontos ist.',
        'Das alte Passwort gilt, bis Sie den Link benutzen.',
      ],
    },
  },
  dead: {
    title: 'Dieser Link gilt nicht mehr',
    paragraphs: [
      'Er ist abgelaufen oder unvollständig, oder Passwort oder Adresse wurden seitdem geändert.',
      'Öffnen Sie den Link aus der E-Mail noch einmal, und zwar vollständig. Wenn Sie ihn angefordert haben und noch brauchen, fordern Sie einen neuen an.',
      'Wenn die E-Mail von etwas berichtet, das Sie nicht getan haben, bitten Sie den Dienst, das Konto zu sperren.',
    ],
  },
  gone: {
    title: 'Dieses Konto wurde gelöscht',
    paragraphs: [
      'Das Konto, um das es in der E-Mail geht, gibt es nicht mehr: Es wurde gelöscht, und mit ihm alles, was darüber gespeichert war.',
      'Hier ist nichts zu tun, und niemand kann sich damit noch anmelden.',
    ],
  },
  lost: {
    title: 'Bitte öffnen Sie den Link noch einmal',
    paragraphs: [
      'Ihr Browser hat sich den Link nicht gemerkt oder ihn inzwischen vergessen. Es wurde nichts unternommen.',
      'Öffnen Sie den Link aus der E-Mail noch einmal. Erscheint diese Seite wieder, erlauben Sie Cookies für diese Website, oder öffnen Sie den Link in einem anderen Browser.',
    ],
  },
  foreign: {
    title: 'Bitte nutzen Sie den Link in der E-Mail',
    paragraphs: [
      'Diese Anfrage kam von einer anderen Website, deshalb wurde nichts unternommen.',
      'Öffnen Sie den Link in der E-Mail, und betätigen Sie die Schaltfläche auf der Seite, zu der er führt.',
    ],
  },
  later: {
    title: 'Bitte versuchen Sie es gleich noch einmal',
    paragraphs: [
      'Das ist im Moment nicht möglich, und es ist nichts geschehen. Der Link gilt weiter.',
    ],
  },
  broken: {
    title: 'Etwas ist schiefgegangen',
    paragraphs: [
      'Das ist unser Fehler. Bitte gehen Sie zurück und versuchen Sie es in einer Minute noch einmal.',
    ],
    number: (id) => `Wenn es wieder geschieht, nennen Sie dem Betreiber diese Nummer: ${id}`,
  },
  change: {
    title: 'Passwort ändern',
    lead: (service) =>
      `Für Ihr Konto bei ${service}. Ihre anderen Geräte werden abgemeldet, und Sie erhalten eine E-Mail über die Änderung.`,
    email: 'E-Mail-Adresse',
    password: 'Aktuelles Passwort',
    newPassword: 'Neues Passwort',
    rule: 'Mindestens {min} Zeichen. Gut ist eines aus mehreren Wörtern.',
    show: 'Passwörter anzeigen',
    button: 'Passwort ändern',
    code: 'Code Ihrer App',
    codeHint:
      'Falls Ihr Konto einen verlangt: sechs Ziffern Ihrer Authenticator-App, oder ein Wiederherstellungscode.',
    done: {
      title: 'Ihr Passwort ist geändert',
      paragraphs: [
        'Ab jetzt gilt nur noch das neue, und Ihre anderen Geräte sind abgemeldet.',
        'Eine E-Mail über die Änderung ist unterwegs zu Ihnen. Sie können diese Seite schließen.',
      ],
    },
  },
  passkeys: {
    title: 'Ihre Passkeys',
    lead: (service) =>
      `Melden Sie sich bei ${service} mit Ihrem Gerät an statt mit einem Passwort: mit seiner PIN, Ihrem Fingerabdruck oder Ihrem Gesicht.`,
    needsScript:
      'Diese Seite braucht JavaScript. Bitte schalten Sie es für diese Website ein, und laden Sie die Seite neu.',
    cannot: 'Dieser Browser kennt keine Passkeys. Ein neuerer kennt sie.',
    withPasskey: 'Mit einem Passkey anmelden',
    orPassword: 'Oder mit Ihrem Passwort:',
    withPassword: 'Anmelden',
    code: 'Code Ihrer App oder ein Wiederherstellungscode',
    none: 'Dieses Konto hat noch keinen Passkey.',
    name: 'Name des neuen Passkeys',
    add: 'Passkey hinzufügen',
    leave: 'Abmelden',
    says: {
      welcome: 'Sie sind als {email} angemeldet.',
      added: 'Der Passkey ist hinzugefügt. Eine E-Mail darüber ist unterwegs zu Ihnen.',
      removed: 'Der Passkey ist entfernt. Eine E-Mail darüber ist unterwegs zu Ihnen.',
      remove: '{name} entfernen',
      used: 'zuletzt benutzt am {day}',
      never: 'noch nie benutzt',
      unknown: 'Mit diesem Passkey können Sie sich hier nicht anmelden.',
      credentials: 'Die E-Mail-Adresse oder das Passwort stimmt nicht.',
      code: 'Der Code stimmt nicht.',
      cancelled:
        'Nichts ist geschehen: das Gerät hat nicht geantwortet, oder Sie haben abgebrochen.',
      many: 'Jetzt kann kein Passkey hinzugefügt werden. Ein Konto hat höchstens 20.',
    },
  },
  script: {
    factor: 'Ihr Konto verlangt auch einen Code. Bitte geben Sie ihn ein.',
    busy: 'Wird geändert …',
    strengths: [
      'Viel zu leicht zu erraten',
      'Leicht zu erraten',
      'Könnte stärker sein',
      'Schwer zu erraten',
      'Sehr schwer zu erraten',
    ],
    required: 'Bitte füllen Sie dieses Feld aus.',
    email: 'Bitte prüfen Sie die E-Mail-Adresse.',
    reasons: {
      malformed: 'Dieses Passwort enthält ungültige Zeichen. Bitte wählen Sie ein anderes.',
      too_short: 'Bitte verwenden Sie mindestens {min} Zeichen.',
      too_long: 'Bitte verwenden Sie höchstens 128 Zeichen.',
      common: 'Dieses Passwort ist zu verbreitet. Bitte wählen Sie ein anderes.',
      contains_email: 'Das Passwort darf den Namen aus Ihrer E-Mail-Adresse nicht enthalten.',
      contains_service: 'Das Passwort darf den Namen des Dienstes nicht enthalten.',
      same_as_current: 'Das ist Ihr aktuelles Passwort. Bitte wählen Sie ein anderes.',
      used_before: 'Dieses Passwort hatten Sie schon einmal. Bitte wählen Sie ein anderes.',
    },
    credentials: 'Die E-Mail-Adresse oder das aktuelle Passwort stimmt nicht.',
    credentialsOrCode: 'Die E-Mail-Adresse, das aktuelle Passwort oder der Code stimmt nicht.',
    wait: 'Das wurde zu oft versucht. Bitte versuchen Sie es in {time} noch einmal.',
    later:
      'Das ist im Moment nicht möglich. Es wurde nichts geändert. Bitte versuchen Sie es in einer Minute noch einmal.',
    offline:
      'Es kam keine Antwort. Bitte prüfen Sie Ihre Verbindung, und melden Sie sich an, um zu sehen, welches Passwort gilt.',
  },
};
