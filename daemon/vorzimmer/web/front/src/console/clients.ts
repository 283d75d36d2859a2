/** The clients whom this agent serves: fetched when first needed, for lists to choose from. */
import { signal } from "@preact/signals";
import { get } from "../api";

export interface ClientName {
  id: string;
  name: string;
}

export const clients = signal<readonly ClientName[]>([]);

export function clientName(id: string): string {
  return clients.value.find((client) => client.id === id)?.name ?? id;
}

export async function loadClients(): Promise<void> {
  if (clients.peek().length > 0) return;
  const found = await get<ClientName[]>("/clients");
  clients.value = [...found].sort((one, other) => one.name.localeCompare(other.name));
}
