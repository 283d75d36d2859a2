/** What the server says to people is English; here is its German, for what an agent meets. An unknown sentence stays as it is. */
import { language } from "./language";

type Translations = readonly (readonly [RegExp, string])[];

const GERMAN: Translations = [
  [/^(.+) does not serve (.+)$/, "$1 arbeitet nicht für $2"],
  [/^'(.+)' is no contact of (.+) and no agent$/, "„$1“ ist weder ein Kontakt von $2 noch ein Kollege"],
  [/^(.+) of .+ cannot be reached at this hour$/, "$1 ist zu dieser Zeit nicht zu erreichen"],
  [/^(.+) has no rota$/, "$1 hat keine Bereitschaft"],
  [/^nobody of (.+) is on call now$/, "Bei $1 hat gerade niemand Bereitschaft"],
  [/^the number is none of (.+)'s contacts$/, "Die Nummer gehört zu keinem Kontakt von $1"],
  [/^the client wants this caller never to be put through$/, "Dieser Anrufer soll nie verbunden werden"],
  [/^the other telephone did not answer$/, "Das andere Telefon hat sich nicht gemeldet"],
  [/^that is not one of the agent's telephones$/, "Das ist keines Ihrer Telefone"],
  [/^no telephone of the agent's rings$/, "Es klingelt keines Ihrer Telefone"],
  [/^the talk is being moved already$/, "Das Gespräch wird gerade schon weitergegeben"],
  [/^the caller is on hold already$/, "Der Anrufer wird schon gehalten"],
  [/^the caller is not on hold$/, "Der Anrufer wird nicht gehalten"],
  [/^somebody is being asked already$/, "Sie fragen gerade schon jemanden"],
  [/^nobody was asked$/, "Es wurde niemand gefragt"],
  [/^nobody has answered who could join$/, "Es hat sich noch niemand gemeldet"],
  [/^that is the agent's own telephone$/, "Das ist Ihr eigenes Telefon"],
  [/^that agent is not available$/, "Dieser Kollege ist gerade nicht frei"],
  [/^there is no recording of this call$/, "Von diesem Anruf gibt es keine Aufnahme"],
  [/^until: is over already, or more than a year away$/, "Der Zeitpunkt ist vorbei oder mehr als ein Jahr entfernt"],
  [/^a client has at most (\d+) notices at once; delete one$/, "Ein Auftraggeber hat höchstens $1 Hinweise; bitte einen löschen"],
  [/^a request has at most \d+ bytes$/, "Das ist zu viel Text auf einmal"],
  [/^that telephone cannot be rung now$/, "Das Telefon ist gerade nicht erreichbar"],
  [/^no agent is in a talk on this call$/, "In diesem Anruf spricht gerade niemand"],
  [/^the caller's consent is not proven$/, "Das Einverständnis des Anrufers ist nicht nachgewiesen"],
  [/^the agent's consent to being recorded is not on file$/, "Ihr Einverständnis mit Aufnahmen ist nicht hinterlegt"],
  [/^this client's talks are not recorded$/, "Gespräche dieses Auftraggebers werden nicht aufgenommen"],
  [
    /^the caller has withdrawn the consent, which stands for this call$/,
    "Der Anrufer hat sein Einverständnis für dieses Gespräch zurückgenommen",
  ],
  [/^the client has no announcement that asks for consent$/, "Der Auftraggeber hat keine Ansage, die danach fragt"],
  [/^the agent has left this call$/, "Sie sind nicht mehr in diesem Anruf"],
  [/^the call belongs to no client$/, "Der Anruf gehört zu keinem Auftraggeber"],
  [/^there is no such call( now)?$/, "Diesen Anruf gibt es nicht mehr"],
  [/^the caller has left$/, "Der Anrufer hat aufgelegt"],
  [/^the old password is wrong$/, "Das bisherige Passwort stimmt nicht"],
  [/^a password has at least (\d+) characters$/, "Ein Passwort hat mindestens $1 Zeichen"],
  [/^a password has at most (\d+) characters$/, "Ein Passwort hat höchstens $1 Zeichen"],
  [/^target \d+ of the .+ chain \(\w+\): the client has no announcement '(.+)'$/, "Es gibt keine Ansage „$1“"],
  [/^target \d+ of the .+ chain \(\w+\): (.+)$/, "Ein Ziel fällt weg: $1"],
  [/^somebody else has changed this meanwhile; look at it first$/, "Inzwischen hat jemand anderes gespeichert"],
  [/^no address is saved$/, "Es ist keine Adresse gespeichert"],
  [/^a password is not the name of who has it$/, "Ein Passwort ist nicht der eigene Name"],
];

let known: Translations = GERMAN;

/** What a part of the page that is loaded later is told besides. */
export function learn(more: Translations): void {
  known = [...known, ...more];
}

/** A sentence of the server in the page's language. */
export function said(sentence: string): string {
  return translated(sentence) ?? sentence;
}

/** A sentence of the server in the page's language; nothing where there is none. */
export function translated(sentence: string): string | null {
  if (language.value !== "de") return sentence;
  for (const [english, german] of known) {
    if (english.test(sentence)) return sentence.replace(english, german).replace(DATE, dayInGerman);
  }
  return null;
}

const DATE = /\b\d{4}-\d{2}-\d{2}\b/g;

/** 6. Dezember 2026 */
function dayInGerman(date: string): string {
  const how = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" } as const;
  return new Date(`${date}T12:00:00Z`).toLocaleDateString("de-DE", how);
}
