/** What the server says to clients, in German; loaded with the portal (see `i18n/sentences`). */
import { learn } from "../i18n/sentences";

const WHERE: readonly (readonly [RegExp, string])[] = [
  [/^has no keys$/, "hat keine Tasten"],
  [/^leads to nothing$/, "führt nirgends hin"],
  [/^nobody gets behind .+, so what stands there is for nobody$/, "was danach steht, erreicht niemand"],
  [/^its prompt, the announcement '(.+)', has no sound yet$/, "für die Ansage „$1“ gibt es noch keinen Ton"],
  [/^its sound for a wrong key, the announcement '(.+)', has no sound yet$/, "für die Ansage „$1“ gibt es noch keinen Ton"],
  [/^the announcement '(.+)' has no sound yet$/, "für die Ansage „$1“ gibt es noch keinen Ton"],
  [/^there is no menu '(.*)'$/, "das Menü „$1“ gibt es nicht"],
  [/^there is no contact '(.*)'$/, "den Ansprechpartner „$1“ gibt es nicht"],
  [/^there is no rota$/, "es gibt keine Bereitschaft"],
  [/^there is no group '(.*)'$/, "die Gruppe „$1“ gibt es nicht"],
  [/^there is no menu before this one to go back to$/, "davor gibt es kein Menü, zu dem es zurückginge"],
  [/^it goes in a circle over (.+), so that who presses nothing never gets out$/, "es geht im Kreis über $1: Wer nichts drückt, kommt nie heraus"],
  [/^it asks the same again, so that who presses nothing never gets out$/, "es wird immer wieder gefragt: Wer nichts drückt, kommt nie heraus"],
  [/^no chain and no key leads to it$/, "nichts führt dorthin, weder eine Taste noch der Beginn eines Anrufs"],
  [/^whatever is pressed, there is no way out but hanging up$/, "was auch gedrückt wird, es bleibt nur aufzulegen"],
];

const GERMAN: readonly (readonly [RegExp, string])[] = [
  [/^menu '(.+)' stands (\d+) times$/, "Das Menü „$1“ steht $2-mal da"],
  [/^menu '(.+)' lies behind (\d+) others; at most (\d+) may$/, "Das Menü „$1“ liegt hinter $2 anderen; höchstens $3 sind erlaubt"],
  [/^open\.chain: nothing is left in it for callers$/, "Während der Geschäftszeiten gäbe es für Anrufer dann nichts mehr"],
  [/^closed\.chain: nothing is left in it for callers$/, "Außerhalb der Geschäftszeiten gäbe es für Anrufer dann nichts mehr"],
  ...WHERE.flatMap(([what, words]): (readonly [RegExp, string])[] => {
    const rest = what.source.slice(1);
    const later = words.replace(/\$(\d)/g, (_, n: string) => `$${Number(n) + 1}`);
    const keyed = words.replace(/\$(\d)/g, (_, n: string) => `$${Number(n) + 2}`);
    return [
      [new RegExp(`^menu '([^']+)':? ${rest}`), `Menü „$1“: ${later}`],
      [new RegExp(`^menu '([^']+)', key (.): ${rest}`), `Menü „$1“, Taste $2: ${keyed}`],
      [new RegExp(`^menu '([^']+)', when nothing is pressed: ${rest}`), `Menü „$1“, wenn nichts gedrückt wird: ${later}`],
    ];
  }),

  [/^(.+) is not an? (\w+) file; .*$/, "$1 ist keine $2-Datei. Möglich sind wav, mp3, ogg, flac, m4a und webm bis 10 Minuten und 20 MB"],
  [/^(.+) is cut off; .*$/, "$1 ist nicht vollständig"],
  [/^(.+) is too long; .*$/, "$1 ist zu lang: höchstens 10 Minuten"],
  [/^(.+) holds no sound; .*$/, "In $1 ist kein Ton"],
  [/^(.+) is a video; .*$/, "$1 ist ein Video"],
  [/^(.+) is too quiet; .*$/, "$1 ist zu leise"],
  [/^(.+) is silent; .*$/, "In $1 ist nur Stille"],
  [/^(.+) (?:cannot be decoded|is damaged); .*$/, "$1 ist beschädigt"],
  [/^(.+) is no sound file by its ending; .*$/, "$1 ist keine Tondatei. Möglich sind wav, mp3, ogg, flac, m4a und webm"],
  [/^(.+) was lost on our side; please send it again$/, "$1 ist bei uns verloren gegangen, bitte noch einmal senden"],
  [/^(.+); allowed are wav, .*$/, "Diese Datei ist nicht brauchbar: $1"],
  [/^a sound file has at most (\d+) MB$/, "Eine Tondatei hat höchstens $1 MB"],
  [/^the file is empty$/, "Die Datei ist leer"],
  [/^the file did not come .*$/, "Die Datei ist nicht vollständig angekommen"],
  [/^there is no room for the file on our side.*$/, "Bei uns ist gerade kein Platz für die Datei, bitte später noch einmal"],
  [/^it has not been converted yet$/, "Sie ist noch nicht aufbereitet"],
  [/^what callers have heard is kept; withdraw it instead$/, "Was Anrufer gehört haben, bleibt erhalten; bitte zurückziehen"],

  [/^choose at least one option$/, "Bitte etwas auswählen"],
  [/^.+: say something about '.+'$/, "Bitte alle Angaben zur Auswahl machen"],
  [/^'(.+)' is no country: .*$/, "„$1“ ist kein Land: Bitte zwei Buchstaben, etwa DE oder AT"],
  [/^order (\d+) was placed by this link on (\S+); .*$/, "Mit diesem Link wurde am $2 schon die Bestellung $1 aufgegeben"],
  [/^names nobody$/, "nennt niemanden"],
  [/^another rule is called like that$/, "so heißt schon eine andere Regel"],
  [/^this house does not offer that$/, "das bieten wir nicht an"],
  [/^'(.+)' is no https URL$/, "„$1“ ist keine https-URL"],
  [/^'(.+)' is no URL$/, "„$1“ ist keine URL"],
  [/^'(.*)': .*(?:email|e-mail).*$/i, "„$1“ ist keine E-Mail-Adresse"],
  [/^'(.*)': .*number.*$/, "„$1“ ist keine Rufnummer"],
  [/^there is no value '(.+)'$/, "Einen Wert „$1“ gibt es nicht"],
  [/^is empty$/, "ist leer"],
  [/^nothing is left of the text$/, "Vom Text bleibt nichts übrig"],
  [/^at most (\d+) characters$/, "höchstens $1 Zeichen"],
  [/^rule '(.+)': there is no rota, so nobody is on call$/, "Regel „$1“: Es gibt keine Bereitschaft"],
  [/^rule '(.+)': there is no contact '(.+)'$/, "Regel „$1“: Den Ansprechpartner „$2“ gibt es nicht"],
  [/^rule '[^']+', [\w.]+: .*$/, "Bei einer Regel stimmt etwas nicht"],
  [/^this rule reaches nobody now$/, "Diese Regel erreicht gerade niemanden"],
  [/^only what was given up can be sent again, and no letter$/, "Nur was aufgegeben wurde, kann noch einmal gesendet werden"],
  [/^only what still waits can be given up$/, "Das wird nicht mehr gesendet"],
  [/^this link was good until (\S+); .*$/, "Dieser Link galt bis $1. Bitte fordern Sie einen neuen an"],
  [/^there is a user with this address already$/, "Mit dieser Adresse gibt es schon einen Zugang"],
  [/^another user has to do that for you$/, "Das kann nur ein anderer für Sie tun"],
  [/^enough mails were sent to this user for now$/, "Dorthin wurden fürs Erste genug Mails geschickt"],

  [/^came back on (\S+) after (\d+)\.(\d+) s$/, "Nach $2,$3 s auf $1 angekommen"],
  [/^forwarded to (\S+) instead of (\S+)$/, "Weitergeleitet auf $1 statt auf $2"],
  [/^not forwarded: .+$/, "Nicht weitergeleitet"],
  [/^the call came back (\d+) times: on (.+)$/, "Der Anruf kam $1-mal zurück: auf $2"],
  [/^our line did not carry the call \(cause (\d+)\)$/, "Unsere Leitung hat den Anruf nicht befördert ($1)"],
];

learn(GERMAN);
