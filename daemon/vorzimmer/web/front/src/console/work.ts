/** Work for clients beside the calls: one stretch at a time, started and stopped by hand, or with the call that caused it. */
import { computed, signal } from "@preact/signals";
import { get, post } from "../api";

export interface Task {
  id: string;
  client: string;
  what: string;
  call: string | null;
  started_at: string;
  ended_at: string | null;
}

export const tasks = signal<readonly Task[]>([]);
export const running = computed(() => tasks.value.find((task) => task.ended_at === null) ?? null);

export async function load(): Promise<void> {
  tasks.value = await get<Task[]>("/tasks");
}

/** Begin one; the one before ends. `about`: a client, or a call, whose client it is then. */
export async function start(what: string, about: { client: string } | { call: string }): Promise<void> {
  await post("/tasks/start", { what, ...about });
  await load();
}

export async function stop(task: Task): Promise<void> {
  await post(`/tasks/${task.id}/stop`);
  await load();
}
