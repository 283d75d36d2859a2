/** The agent's desk. */
import { useEffect } from "preact/hooks";
import type { Me } from "../session";
import { tellProblem } from "../ui/said";
import * as answers from "./replied";
import { CallBar } from "./CallBar";
import { ClientCard } from "./ClientCard";
import { loadClients } from "./clients";
import * as day from "./day";
import * as desk from "./desk";
import { Idle } from "./Idle";
import { focusEmpty } from "./notes/NoteForm";
import * as notes from "./notes/notes";
import { NotesPanel } from "./notes/NotesPanel";
import { followKeys } from "./shortcuts";
import { StatusBar } from "./StatusBar";
import { load as loadTasks } from "./work";
import * as telephone from "./telephone";
import { TopBar } from "./TopBar";
import { t } from "./words";
import "./console.css";
import "./notes/notes.css";

export function Console({ who }: { who: Me }) {
  useEffect(() => {
    desk.open();
    Promise.all([loadClients(), loadTasks()]).catch(tellProblem);
    const ends = [notes.follow(), answers.follow(), day.begin(), telephone.begin(), followKeys(), desk.close];
    return () => {
      for (const end of ends) end();
    };
  }, [who.user]);
  const talking = desk.inTalk.value ? desk.call.value?.id : undefined;
  useEffect(() => {
    if (talking !== undefined) focusEmpty(document.querySelector(".note"));
  }, [talking]);

  useEffect(() => {
    document.title = title();
  });
  useEffect(() => {
    if (desk.stage.value === "ringing") closeDialogs();
  }, [desk.stage.value]);

  const shown = desk.pop.value ?? notes.subject.value?.pop ?? null;
  return (
    <div class={`desk ${desk.stage.value}`}>
      <TopBar who={who} />
      <CallBar />
      <main class="halves">
        {shown !== null ? <ClientCard key={shown.call} told={shown} /> : <Idle />}
        {notes.subject.value !== null && <NotesPanel />}
      </main>
      <StatusBar />
    </div>
  );
}

/** Whatever an agent was looking up: now somebody calls. */
function closeDialogs(): void {
  for (const dialog of document.querySelectorAll("dialog[open]:not(.door)")) {
    dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
  }
}

/** What the tab says, so that a ringing telephone is seen from another one. */
function title(): string {
  const client = desk.pop.value?.client?.name;
  if (desk.stage.value === "ringing") return `☎ ${client ?? t("state.ringing")}`;
  return desk.stage.value === "talking" && client !== undefined ? client : "Vorzimmer";
}
