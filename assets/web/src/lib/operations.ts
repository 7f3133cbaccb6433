/** Long work: how far it is, and how it is ended. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Operation, api, data } from "./api";
import { onEvent } from "./live";
import { notifyError } from "./notices";

export const operationQuery = (id: string) => queryOptions({ queryKey: ["operation", id], queryFn: () => data(api.GET("/api/v1/operations/{id}", { params: { path: { id } } })), staleTime: Infinity, enabled: id !== "" });

export const isOver = (operation: Operation): boolean => operation.state !== "running";

/** One operation as it is now: events bring each step. */
export function useOperation(id: string) {
  const queries = useQueryClient();
  const found = useQuery(operationQuery(id));
  useEffect(
    () =>
      onEvent((event) => {
        if (event.type === "operation_changed" && event.operation.id === id) queries.setQueryData(["operation", id], event.operation);
        if (event.type === "resync") void queries.invalidateQueries({ queryKey: ["operation", id] });
      }),
    [id, queries],
  );
  return found;
}

export function useCancel() {
  return useMutation({
    mutationFn: (id: string) => data(api.POST("/api/v1/operations/{id}/cancel", { params: { path: { id } } })),
    onError: (error) => notifyError("It could not be cancelled", error),
  });
}

/** Makes a list old when work ends or a container goes: who uses what is in it is not told by the list itself. */
export function useFreshAfterWork(key: string): void {
  const queries = useQueryClient();
  useEffect(
    () =>
      onEvent((event) => {
        if ((event.type === "operation_changed" && isOver(event.operation)) || event.type === "container_removed") void queries.invalidateQueries({ queryKey: [key] });
      }),
    [key, queries],
  );
}
